import { EXIT_CONFIGURATION } from '@pdaltagent/service';
import { workspaceRoot } from '@pdaltagent/testing';
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

// Inside of the clone, a bundle finds in node_modules what it should have with it.
const APPS = path.join(workspaceRoot(), 'dist/apps');
const apps = readdirSync(APPS);

interface Manifest {
  readonly bundle?: Readonly<Record<string, string>>;
  readonly threads?: Readonly<Record<string, string>>;
}

function manifestOf(app: string): Manifest {
  const file = path.join(workspaceRoot(), 'apps', app, 'package.json');
  return JSON.parse(readFileSync(file, 'utf8')) as Manifest;
}

const bundles = apps.flatMap((app) => {
  const { bundle = { main: '' } } = manifestOf(app);
  return Object.keys(bundle).map((name) => `${app}/${name}.js`);
});
const threads = apps.flatMap((app) => Object.keys(manifestOf(app).threads ?? {}).map((name) => `${app}/${name}.js`));

/** Resolves once the thread runs for a moment without an error, or has answered the request to open an index. */
const START_THREAD = `
  const { Worker } = require('node:worker_threads');
  const [script, folder] = process.argv.slice(1);
  const thread = new Worker(script);
  thread.on('message', (answer) => { console.log(JSON.stringify(answer)); process.exit(0); });
  if (script.endsWith('history-worker.js')) thread.postMessage({ number: 0, name: 'open', argument: { folder } });
`;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'elsewhere-'));
  cpSync(APPS, folder, { recursive: true });
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What it prints; rejects if it fails, other than by its settings. */
async function run(...words: readonly string[]): Promise<string> {
  // The simulator has no help, but does not like this.
  const options = { cwd: folder, env: { SIMULATOR_PORT: 'none' }, timeout: 60_000 };
  return new Promise((resolve, reject) => {
    execFile(process.execPath, words, options, (error, stdout, stderr) => {
      if (error === null || error.code === EXIT_CONFIGURATION) resolve(stdout + stderr);
      else reject(new Error(`${words.join(' ')} failed`, { cause: error }));
    });
  });
}

it.each(bundles)('%s starts outside of the repository', async (bundle) => {
  expect(await run(path.join(folder, bundle), '--help')).not.toBe('');
});

it.each(threads)('%s starts outside of the repository, as a thread', async (thread) => {
  const answer = await run('-e', START_THREAD, path.join(folder, thread), path.join(folder, 'index'));
  expect(answer).not.toContain('problem');
  expect(answer).not.toBe('');
});

it('brings the native code for this platform, and its licence', () => {
  const binaries = path.join(folder, 'cli/node_modules/@libsql');
  expect(readdirSync(binaries).some((name) => name.startsWith(`${process.platform}-${process.arch}`))).toBe(true);
  expect(readFileSync(path.join(folder, 'cli/THIRD-PARTY-LICENSES.txt'), 'utf8')).toContain('\nlibsql ');
});
