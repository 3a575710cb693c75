import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { text } from 'node:stream/consumers';

const CHILD = path.join(__dirname, 'launch/child.mjs');
/** As a jest worker: does not end because of a signal, but after a minute. */
const WORKER = "process.on('SIGINT', () => undefined); setTimeout(() => undefined, 60_000); process.send('ready');";
/** As jest: ends at the signal and leaves its worker. */
const MAIN = `
  const { spawn } = require('node:child_process');
  const worker = spawn(process.execPath, ['-e', ${JSON.stringify(WORKER)}], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  worker.once('message', () => console.log(worker.pid));
`;

it('ends the workers of the tests too if npm test is interrupted', async () => {
  const script = `
    import { runChild } from ${JSON.stringify(CHILD)};
    await runChild(process.execPath, ['-e', ${JSON.stringify(MAIN)}], { env: process.env, show: true, isGroup: true });
  `;
  const launcher = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  // Ends only once the worker has: it has the same output.
  const ended = text(launcher.stdout);
  await once(launcher.stdout, 'data');
  launcher.kill('SIGINT');
  expect(await once(launcher, 'exit')).toEqual([130, null]);
  await ended;
});
