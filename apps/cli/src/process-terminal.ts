import { keepAlive, SYSTEM_CLOCK } from '@pdaltagent/clock';
import { createInterface } from 'node:readline/promises';
import { type Terminal } from './terminal';

/** The terminal of this process. */
export function processTerminal(): Terminal {
  // A command may wait for a timer only; `exitWith` ends the process.
  keepAlive();
  // `| head` closes the output early, which is not a failure.
  process.stdout.on('error', () => process.exit(0));
  return {
    environment: process.env,
    input: process.stdin,
    out: (text) => process.stdout.write(text),
    error: (text) => process.stderr.write(text),
    now: () => SYSTEM_CLOCK.wall(),
    interactive: process.stdin.isTTY && process.stderr.isTTY,
    // https://no-color.org: no colour if it is set and not empty.
    showsColour: process.stdout.isTTY && !process.env.NO_COLOR && process.env.TERM !== 'dumb',
    showsProgress: process.stderr.isTTY,
    columns: process.stdout.isTTY ? process.stdout.columns : undefined,
    ask: async (question) => {
      const lines = createInterface({ input: process.stdin, output: process.stderr });
      try {
        return await lines.question(question);
      } finally {
        lines.close();
      }
    },
  };
}

/** Exits once all output is written, even if a connection hangs. */
export function exitWith(code: number): void {
  process.stdout.write('', () => process.stderr.write('', () => process.exit(code)));
}
