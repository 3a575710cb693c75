import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buildSync } from 'esbuild';

const folder = mkdtempSync(path.join(tmpdir(), 'simulator-'));
const program = path.join(folder, 'main.js');
const started: ChildProcess[] = [];

beforeAll(() => {
  const entry = path.join(__dirname, 'main.ts');
  buildSync({
    entryPoints: [entry],
    bundle: true,
    platform: 'node',
    format: 'cjs',
    outfile: program,
    logLevel: 'error',
  });
});
afterAll(() => {
  for (const child of started) child.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

function start(environment: Record<string, string>) {
  const child = spawn(process.execPath, [program], { env: { PATH: process.env.PATH, ...environment } });
  started.push(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const listening = new Promise<string>((resolve) =>
    child.stdout.on('data', () => {
      const url = /"url":"([^"]+)"/.exec(output)?.[1];
      if (url !== undefined) resolve(url);
    }),
  );
  return { child, ended, listening, output: () => output };
}

test('the process logs its address, serves requests, and exits with 0 on SIGTERM', async () => {
  const { child, ended, listening, output } = start({ SIMULATOR_PORT: '0', SIMULATOR_API_TOKEN: 'very-secret-token' });
  const url = await listening;
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
  child.kill('SIGTERM');
  expect(await ended).toBe(0);
  expect(output()).not.toContain('very-secret-token');
});

test('a stop does not wait for delayed answers or for clients that wait for events', async () => {
  const { child, ended, listening } = start({ SIMULATOR_PORT: '0' });
  const url = await listening;
  const effect = { kind: 'latency', ms: 600_000 };
  await fetch(`${url}/_control/faults`, { method: 'POST', body: JSON.stringify({ effect }) });
  const waiting = [
    fetch(`${url}/v2/enqueue`, { method: 'POST', body: '{}' }),
    fetch(`${url}/_control/events?waitFor=2&timeoutMs=600000`),
  ].map((attempt) => attempt.then(() => 'answered').catch(() => 'cut'));
  await fetch(`${url}/_control/events?waitFor=1`);
  child.kill('SIGTERM');
  expect(await ended).toBe(0);
  expect(await Promise.all(waiting)).toEqual(['cut', 'cut']);
});

test('an invalid configuration is reported completely, with exit code 78', async () => {
  const { ended, output } = start({ SIMULATOR_PORT: 'abc', SIMULATOR_KEEP_BODIES: 'maybe' });
  expect(await ended).toBe(78);
  expect(output()).toContain('SIMULATOR_PORT');
  expect(output()).toContain('SIMULATOR_KEEP_BODIES');
});

test('a port in use is reported in one line, with exit code 1', async () => {
  const { listening } = start({ SIMULATOR_PORT: '0' });
  const { port } = new URL(await listening);
  const { ended, output } = start({ SIMULATOR_PORT: port });
  expect(await ended).toBe(1);
  expect(output()).toContain('cannot listen');
});
