import { type GuardedProcess, localFolder, startGuarded, waitUntil } from '@pdaltagent/testing';
import { buildSync } from 'esbuild';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';
import { Spool } from './spool';

const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
const content = (sequence: number): Buffer => Buffer.from(`event ${sequence} `.repeat(50));
const LANES_FOLDER = 8;

let root: string;
let started: GuardedProcess | undefined;

beforeAll(() => {
  // In the workspace, so that the native module is found.
  mkdirSync(localFolder(), { recursive: true });
  root = mkdtempSync(path.join(localFolder(), 'killed-'));
  buildSync({
    entryPoints: [path.join(__dirname, 'append.fixture.ts')],
    bundle: true,
    platform: 'node',
    external: ['classic-level'],
    outfile: path.join(root, 'append.js'),
    logLevel: 'error',
  });
});
afterAll(() => {
  started?.signal('SIGKILL');
  rmSync(root, { recursive: true, force: true });
});

it('contains every entry whose append resolved before the process was killed', async () => {
  const folder = path.join(root, 'spool');
  for (let run = 0; run < 3; run += 1) {
    rmSync(folder, { recursive: true, force: true });
    const resolved: number[] = [];
    started = startGuarded({
      name: `append-${run}`,
      command: process.execPath,
      args: [path.join(root, 'append.js'), folder],
      env: { PATH: process.env.PATH },
      folder: root,
      mark: folder,
      onLine: (line) => resolved.push(Number(line)),
    });
    await waitUntil(() => resolved.length > 2_000 * (run + 1), { what: 'entries to be on disk', intervalMs: 5 });
    started.signal('SIGKILL');
    await started.exited;

    const spool = await Spool.open(folder, { maximumBytes: 2 ** 30, log });
    if (spool === undefined) throw new Error('the folder is locked');
    const found = new Map<number, Buffer>();
    for (let lane = 0; lane < LANES_FOLDER; lane += 1) {
      const entries = await spool.read(lane, 0, { entries: 1_000_000, bytes: Infinity });
      for (const entry of entries) found.set(entry.sequence, entry.content);
      expect(entries.every(({ isDamaged }) => isDamaged === undefined)).toBe(true);
    }
    expect(found.size).toBe(spool.entries);
    const lost = resolved.filter((sequence) => found.get(sequence)?.equals(content(sequence)) !== true);
    expect(lost).toEqual([]);
    await spool.close();
  }
});
