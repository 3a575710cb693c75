import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';
import { commandLineOf } from './command-line';
import { processesOf } from './processes';
import { waitUntil } from './wait-until';

const NOBODY = 65534;

interface Runner {
  child: ChildProcess;
  /** Resolves with the line that reports that both servers are running. */
  up: Promise<string>;
}

/** A process (of an ordinary user if this one is root) that starts both servers and then waits. */
function run(folder: string): Runner {
  const isRoot = process.getuid?.() === 0;
  const child = spawn(process.execPath, [path.join(folder, 'runner.cjs')], {
    stdio: ['ignore', 'pipe', 'inherit'],
    // The environment alone determines where the servers' folders are.
    env: { PATH: process.env['PATH'], SERVERS_FOLDER: path.join(folder, 'servers') },
    ...(isRoot ? { uid: NOBODY, gid: NOBODY } : {}),
  });
  const up = new Promise<string>((resolve, reject) => {
    createInterface(child.stdout).once('line', resolve);
    child.once('exit', (code) => reject(new Error(`the runner ended with code ${code}`)));
  });
  return { child, up };
}

describe('servers started by an ordinary user', () => {
  let folder: string;

  beforeAll(async () => {
    // Outside of the clone, which another user may not be allowed to see.
    folder = mkdtempSync('/var/tmp/pdaltagent-test-');
    chmodSync(folder, 0o755);
    mkdirSync(path.join(folder, 'servers'));
    if (process.getuid?.() === 0) chownSync(path.join(folder, 'servers'), NOBODY, NOBODY);
    await build({
      stdin: {
        contents: `
          import { startRabbitMQ, startRedis } from './servers';
          const folder = process.env.SERVERS_FOLDER;
          Promise.all([startRabbitMQ({ folder: folder + '/rabbitmq' }), startRedis({ folder: folder + '/redis' })]).then(
            (servers) => console.log('up', process.getuid(), ...servers.map(({ pid }) => pid)),
            (error) => { console.error(error); process.exit(1); },
          );`,
        resolveDir: __dirname,
        loader: 'ts',
      },
      bundle: true,
      platform: 'node',
      outfile: path.join(folder, 'runner.cjs'),
    });
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('run, and end with the process that started them, even if that is killed', async () => {
    const { child, up } = run(folder);
    const line = await up;
    expect(line).toMatch(/^up [1-9]\d* [1-9]\d* [1-9]\d*$/);
    expect(processesOf(folder).length).toBeGreaterThan(4);
    child.kill('SIGKILL');
    await waitUntil(() => processesOf(folder).length === 0, { what: 'all processes to end' });
  });

  it('are killed by the next start in the same folder if their watchdog could not do it', async () => {
    const first = run(folder);
    await first.up;
    // The watchers are shells whose command line names the server they watch.
    for (const pid of processesOf(folder))
      if (commandLineOf(pid)?.startsWith('/bin/sh -c (read')) process.kill(pid, 'SIGKILL');
    first.child.kill('SIGKILL');
    await waitUntil(() => first.child.signalCode, { what: 'the runner to end' });
    const left = processesOf(folder);
    expect(left.length).toBeGreaterThan(2);

    const second = run(folder);
    await second.up;
    expect(left.filter((pid) => processesOf(folder).includes(pid))).toEqual([]);
    second.child.kill('SIGKILL');
    await waitUntil(() => processesOf(folder).length === 0, { what: 'all processes to end' });
  });
});
