import { ManualClock, waitUntil } from '@pdaltagent/testing';
import { mkdtemp, open as openFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { failNextSync } from './failing-sync.fixture';
import { Spool } from './spool';
import { SpoolError } from './spool-ports';

let root: string;
let clock: ManualClock;
const lines: string[] = [];
const note = (message: string): void => void lines.push(message);
const log = { info: note, warn: note, error: note };
const ALL = { entries: 10_000, bytes: Infinity };
const content = (sequence: number): Buffer => Buffer.from(`event ${sequence} `.repeat(10));

beforeEach(async () => {
  lines.length = 0;
  clock = new ManualClock();
  root = await mkdtemp(path.join(tmpdir(), 'failing-disk-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function open(): Promise<Spool> {
  const spool = await Spool.open(path.join(root, '0'), { maximumBytes: 2 ** 30, log, clock });
  if (spool === undefined) throw new Error('the folder is locked');
  return spool;
}

async function sequences(spool: Spool, lane: number): Promise<number[]> {
  return (await spool.read(lane, 0, ALL)).map(({ sequence }) => sequence);
}

async function usableAgain(spool: Spool): Promise<void> {
  await waitUntil(
    () => {
      clock.advance(1_000);
      return spool.condition === 'usable';
    },
    { what: 'the spool to be reopened', intervalMs: 5 },
  );
}

describe('an entry whose append was rejected, although it reached the disk,', () => {
  it('is never read: neither while the spool fails, nor once it is reopened, nor by the next process', async () => {
    const spool = await open();
    await spool.append(1, 1, content(1));
    failNextSync();
    await expect(spool.append(1, 2, content(2))).rejects.toEqual(new SpoolError('failing'));
    expect(spool.condition).toBe('failing');
    await expect(spool.append(1, 3, content(3))).rejects.toEqual(new SpoolError('failing'));
    expect(await sequences(spool, 1)).toEqual([1]);

    await usableAgain(spool);
    expect(await sequences(spool, 1)).toEqual([1]);
    expect([spool.entries, spool.entriesOf(1), spool.lastSequence]).toEqual([1, 1, 1]);
    await spool.append(1, 4, content(4));
    await spool.close();

    const next = await open();
    expect(await sequences(next, 1)).toEqual([1, 4]);
    await next.close();
  });

  it('is erased before the folder is released, if the process ends first', async () => {
    const spool = await open();
    await spool.append(1, 1, content(1));
    failNextSync();
    await expect(spool.append(1, 2, content(2))).rejects.toEqual(new SpoolError('failing'));
    await spool.close();
    const next = await open();
    expect(await sequences(next, 1)).toEqual([1]);
    await next.close();
  });
});

it('continues reading and erasing while it cannot be written, and erases on disk what was erased meanwhile', async () => {
  const spool = await open();
  for (const sequence of [1, 2, 3]) await spool.append(1, sequence, content(sequence));
  failNextSync();
  await expect(spool.append(2, 4, content(4))).rejects.toEqual(new SpoolError('failing'));
  spool.erase(1, 1, content(1).length);
  expect(await sequences(spool, 1)).toEqual([2, 3]);
  await usableAgain(spool);
  spool.erase(1, 2, content(2).length);
  expect([spool.entries, spool.bytes]).toEqual([1, content(3).length]);
  await spool.close();
  const next = await open();
  expect([await sequences(next, 1), await sequences(next, 2)]).toEqual([[3], []]);
  await next.close();
});

it('is not written after a failed write of a purge until it is reopened, as after any other', async () => {
  const spool = await open();
  await spool.append(1, 1, content(1));
  await spool.owePurge();
  failNextSync();
  await expect(spool.purge()).rejects.toThrow('the spool is failing');
  expect(spool.condition).toBe('failing');
  await expect(spool.append(1, 2, content(2))).rejects.toEqual(new SpoolError('failing'));
  await usableAgain(spool);
  await spool.purge();
  await spool.append(1, 3, content(3));
  expect(await sequences(spool, 1)).toEqual([1, 3]);
  await spool.close();
});

it('logs once that it cannot be reopened, and uses it as soon as that is possible', async () => {
  const spool = await open();
  await spool.append(1, 1, content(1));
  failNextSync();
  await expect(spool.append(1, 2, content(2))).rejects.toEqual(new SpoolError('failing'));
  const elsewhere = `${spool.folder}.unmounted`;
  await rename(spool.folder, elsewhere);
  await writeFile(spool.folder, '');
  let attempts = 0;
  await waitUntil(
    () => {
      // It waits for the clock after each attempt.
      if (clock.waiting > 0) attempts += 1;
      clock.advance(1_000);
      return attempts >= 5;
    },
    { what: 'five attempts to open it', intervalMs: 5 },
  );
  await rm(spool.folder);
  await rename(elsewhere, spool.folder);
  await usableAgain(spool);
  expect(lines.filter((line) => line === 'the spool cannot be opened')).toHaveLength(1);
  expect(await sequences(spool, 1)).toEqual([1]);
  await spool.close();
});

describe('a database with a damaged block', () => {
  const FIRST = 1;
  const LAST = 300;
  const DAMAGED = 'the spool is damaged: repairing it, moving unreadable files to "lost"';

  async function fill(spool: Spool): Promise<void> {
    for (let sequence = FIRST; sequence <= LAST; sequence += 1) {
      await spool.append(sequence % 2, sequence, Buffer.alloc(20_000, `event ${sequence} `));
    }
  }

  /** Overwrites a few kilobytes of a table; the result is its name. */
  async function damage(folder: string): Promise<string> {
    const tables = (await readdir(folder)).filter((name) => name.endsWith('.ldb')).sort();
    const name = tables[Math.floor(tables.length / 2)] ?? '';
    const file = await openFile(path.join(folder, name), 'r+');
    const { size } = await file.stat();
    await file.write(Buffer.alloc(3_000, 0xff), 0, 3_000, Math.floor(size / 2));
    await file.close();
    return name;
  }

  const readAll = async (spool: Spool): Promise<number> =>
    (await sequences(spool, 0)).length + (await sequences(spool, 1)).length;

  it('is repaired and logged when it is opened: readable entries are kept, and damaged files are moved to "lost"', async () => {
    const spool = await open();
    await fill(spool);
    await spool.close();
    const name = await damage(spool.folder);

    const again = await open();
    expect(lines).toContain(DAMAGED);
    expect(await readdir(path.join(again.folder, 'lost'))).toContain(name);
    const left = await readAll(again);
    expect(left).toBeGreaterThan(200);
    expect(again.entries).toBe(left);
    await again.append(1, 1_000, content(1_000));
    await again.close();
  });

  it('is repaired while it is in use, so that entries after the block are not stuck', async () => {
    const spool = await open();
    await fill(spool);
    await damage(spool.folder);
    await expect(readAll(spool)).rejects.toMatchObject({ name: 'SpoolError', code: 'failing' });
    await usableAgain(spool);
    expect(lines).toContain(DAMAGED);
    const left = await readAll(spool);
    expect(left).toBeGreaterThan(200);
    expect(spool.entries).toBe(left);
    await spool.close();
  });
});

it('finishes reads in progress when it is closed, and reads nothing afterwards', async () => {
  const spool = await open();
  await Promise.all(Array.from({ length: 2_000 }, (_, at) => spool.append(at % 4, at + 1, content(at + 1))));
  const reads = [0, 1, 2, 3].flatMap((lane) => [spool.read(lane, 0, ALL), spool.oldestSequence()]);
  await spool.close();
  const found = await Promise.all(reads);
  expect(found[0]).toHaveLength(500);
  expect(await spool.read(1, 0, ALL)).toEqual([]);
  expect(await spool.oldestSequence()).toBeUndefined();
  await expect(spool.append(1, 3_000, content(1))).rejects.toEqual(new SpoolError('closed'));
});
