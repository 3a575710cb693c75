import { createInterface } from 'node:readline/promises';
import { prepareServers, prepareTools, type PrepareOptions } from '@pdaltagent/testing';

/** Makes sure that private servers can be started; asks only on a terminal. */
export async function prepare(assumeYes: boolean): Promise<void> {
  await prepareServers(preparation(assumeYes));
}

/** As prepare(), and also provides the tools that tests need. */
export async function prepareTests(assumeYes: boolean): Promise<void> {
  await prepareServers(preparation(assumeYes));
  await prepareTools(preparation(assumeYes));
}

function preparation(assumeYes: boolean): PrepareOptions {
  const canAsk = process.stdin.isTTY && process.stdout.isTTY;
  return { assumeYes, say: (text) => console.log(text), ...(canAsk ? { ask } : {}) };
}

async function ask(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await terminal.question(`${question} [Y/n] `);
  terminal.close();
  return /^(y(es)?)?$/i.test(answer.trim());
}
