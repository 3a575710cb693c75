import { cp, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openDatabase } from './database';
import { laneKeyOf } from './lane-key';
import { Spool, type SpoolOptions } from './spool';
import { SpoolError, type StoredEntry } from './spool-ports';

let root: string;
const lines: string[] = [];
const note = (message: string): void => void lines.push(message);
const log = { info: note, warn: note, error: note };
const ALL = { entries: 10_000, bytes: Infinity };

beforeEach(async () => {
  lines.length = 0;
  root = await mkdtemp(path.join(tmpdir(), 'spool-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function open(changes: Partial<SpoolOptions> = {}, folder = path.join(root, '0')): Promise<Spool> {
  const spool = await Spool.open(folder, { maximumBytes: 1024 * 1024, log, ...changes });
  if (spool === undefined) throw new Error('the folder is locked');
  return spool;
}

const content = (sequence: number): Buffer => Buffer.from(`event ${sequence} `.repeat(10));
const sequences = (entries: readonly StoredEntry[]): number[] => entries.map(({ sequence }) => sequence);

async function appendAll(spool: Spool, lane: number, from: number, to: number): Promise<void> {
  const numbers = Array.from({ length: to - from + 1 }, (_, index) => from + index);
  await Promise.all(numbers.map((sequence) => spool.append(lane, sequence, content(sequence))));
}

it('returns a lane in the order of sequences, appended in any order, also after it was reopened', async () => {
  const first = await open();
  await Promise.all([2 ** 40, 5, 2 ** 32 + 1, 70_000].map((sequence) => first.append(3, sequence, content(sequence))));
  await first.close();
  const second = await open();
  expect(await second.read(3, 5, ALL)).toEqual(
    [70_000, 2 ** 32 + 1, 2 ** 40].map((sequence) => ({
      sequence,
      bytes: content(sequence).length,
      content: content(sequence),
    })),
  );
  expect([second.entries, second.lastSequence, await second.oldestSequence()]).toEqual([4, 2 ** 40, 5]);
  await second.close();
});

it('keeps lanes separate, from the first to the last', async () => {
  const first = await open();
  await appendAll(first, 0, 5, 6);
  await appendAll(first, 31, 1, 4);
  await appendAll(first, 255, 3, 3);
  first.erase(31, 1, content(1).length);
  for (const isAgain of [false, true]) {
    if (isAgain) await first.close();
    const spool = isAgain ? await open() : first;
    expect(sequences(await spool.read(0, 0, ALL))).toEqual([5, 6]);
    expect(sequences(await spool.read(31, 0, ALL))).toEqual([2, 3, 4]);
    expect(sequences(await spool.read(255, 0, ALL))).toEqual([3]);
    expect(await spool.read(30, 0, ALL)).toEqual([]);
    if (isAgain) await spool.close();
  }
});

it('reads a page of at most the requested entries and bytes, but at least one entry', async () => {
  const spool = await open();
  await appendAll(spool, 7, 1, 10);
  await appendAll(spool, 8, 4, 4);
  expect(sequences(await spool.read(7, 0, { entries: 3, bytes: 10_000 }))).toEqual([1, 2, 3]);
  expect(sequences(await spool.read(7, 3, { entries: 30, bytes: 1 }))).toEqual([4]);
  await spool.close();
});

it('never reads an erased entry again, and erases it on disk too', async () => {
  const spool = await open();
  await appendAll(spool, 1, 1, 4);
  await appendAll(spool, 2, 2, 2);
  spool.erase(1, 2, content(2).length);
  spool.erase(1, 2, content(2).length);
  expect([spool.entries, spool.entriesOf(1), spool.entriesOf(2)]).toEqual([4, 3, 1]);
  expect([spool.bytes, spool.bytesOf(1)]).toEqual([content(1).length * 4, content(1).length * 3]);
  expect(sequences(await spool.read(1, 0, ALL))).toEqual([1, 3, 4]);
  await spool.close();
  const again = await open();
  expect(sequences(await again.read(1, 0, ALL))).toEqual([1, 3, 4]);
  expect([again.entriesOf(1), again.bytesOf(1)]).toEqual([3, content(1).length * 3]);
  await again.close();
});

it('finds the oldest entry of all lanes, whichever were erased', async () => {
  const spool = await open();
  expect(await spool.oldestSequence()).toBeUndefined();
  await appendAll(spool, 9, 5, 8);
  await appendAll(spool, 4, 7, 7);
  expect(await spool.oldestSequence()).toBe(5);
  for (const sequence of [5, 6]) spool.erase(9, sequence, content(sequence).length);
  expect(await spool.oldestSequence()).toBe(7);
  await spool.close();
});

it('finds it as fast with entries in many lanes as with entries in one, even while the event loop is busy', async () => {
  const spool = await open();
  const timeOf = async (): Promise<number> => {
    let isBusy = true;
    const beBusy = (): void => {
      const until = performance.now() + 10;
      while (performance.now() < until);
      if (isBusy) setImmediate(beBusy);
    };
    const began = performance.now();
    beBusy();
    await spool.oldestSequence();
    isBusy = false;
    return performance.now() - began;
  };
  await appendAll(spool, 0, 1, 1);
  const ofOne = await timeOf();
  for (let lane = 1; lane < 64; lane += 1) await appendAll(spool, lane, lane, lane);
  expect(await timeOf()).toBeLessThan(10 * ofOne);
  await spool.close();
});

it('belongs to one process at a time', async () => {
  const spool = await open();
  expect(await Spool.open(spool.folder, { maximumBytes: 1, log })).toBeUndefined();
  await spool.close();
  await (await open()).close();
});

it('returns a damaged entry marked as such, and loses no other', async () => {
  const spool = await open();
  await appendAll(spool, 1, 1, 3);
  await spool.close();
  const damaged = Buffer.from('other bytes');
  await overwrite(spool.folder, laneKeyOf(1, 2, content(2).length), Buffer.concat([Buffer.alloc(4), damaged]));
  const again = await open();
  expect(await again.read(1, 0, ALL)).toEqual([
    { sequence: 1, bytes: content(1).length, content: content(1) },
    { sequence: 2, bytes: content(2).length, content: damaged, isDamaged: true },
    { sequence: 3, bytes: content(3).length, content: content(3) },
  ]);
  again.erase(1, 2, content(2).length);
  expect(again.entries).toBe(2);
  await again.close();
});

describe('a torn tail after a crash', () => {
  it('is dropped, wherever it was torn, and everything before it is kept', async () => {
    const spool = await open();
    for (let sequence = 1; sequence <= 5; sequence += 1) await spool.append(1, sequence, content(sequence));
    await spool.close();
    const file = await newestLog(spool.folder);
    const { size } = await stat(file);
    const bytes = await readFile(file);
    const lastWrite = Math.floor(size / 5);
    for (let cut = 1; cut < lastWrite; cut += 13) {
      const copy = path.join(root, 'torn');
      await rm(copy, { recursive: true, force: true });
      await cp(spool.folder, copy, { recursive: true });
      const torn = path.join(copy, path.basename(file));
      await writeFile(torn, bytes);
      await truncate(torn, size - cut);
      const after = await open({}, copy);
      expect(sequences(await after.read(1, 0, ALL))).toEqual([1, 2, 3, 4]);
      expect(after.entries).toBe(4);
      await after.append(1, 6, content(6));
      expect(sequences(await after.read(1, 0, ALL))).toEqual([1, 2, 3, 4, 6]);
      await after.close();
    }
  });

  it('is never returned if it contains other bytes than were written', async () => {
    const spool = await open();
    for (let sequence = 1; sequence <= 5; sequence += 1) await spool.append(1, sequence, content(sequence));
    await spool.close();
    const file = await newestLog(spool.folder);
    const bytes = await readFile(file);
    bytes.fill(0x55, bytes.length - 40);
    await writeFile(file, bytes);
    const after = await open();
    expect((await after.read(1, 0, ALL)).map((entry) => entry.content)).toEqual([1, 2, 3, 4].map(content));
    await after.close();
  });
});

/** Writes directly to the database, to simulate what a faulty disk or another program may leave there. */
async function overwrite(folder: string, key: Buffer, value: Buffer): Promise<void> {
  const database = await openDatabase(folder);
  await database?.put(key, value);
  await database?.close();
}

async function newestLog(folder: string): Promise<string> {
  const [name = ''] = (await readdir(folder)).filter((file) => file.endsWith('.log')).sort();
  return path.join(folder, name);
}

describe('a purge', () => {
  const isOnDisk = async (text: string): Promise<boolean> => {
    const folder = path.join(root, '0');
    const files = await Promise.all((await readdir(folder)).map((name) => readFile(path.join(folder, name))));
    return files.some((file) => file.includes(text));
  };

  it.each([
    ['just after they were written', 10, false],
    ['after they have moved to larger files', 20_000, false],
    ['after the spool was reopened', 5_000, true],
  ])(
    'leaves nothing of erased entries on the disk, %s, and everything of the others',
    async (_when, count, isReopened) => {
      let spool = await open({ maximumBytes: 2 ** 30 });
      for (let from = 1; from <= count; from += 1_000) await appendAll(spool, 3, from, Math.min(count, from + 999));
      const secret = Buffer.from(`ann@example.com ${'x'.repeat(100)}`);
      const middle = count + 1;
      await spool.append(3, middle, secret);
      await appendAll(spool, 3, count + 2, count + 10);
      if (isReopened) {
        await spool.close();
        spool = await open({ maximumBytes: 2 ** 30 });
      }
      expect(await isOnDisk('ann@example.com')).toBe(true);
      await spool.owePurge();
      spool.erase(3, middle, secret.length);
      await spool.purge();
      expect(await isOnDisk('ann@example.com')).toBe(false);
      expect(spool.entriesOf(3)).toBe(count + 9);
      await spool.close();
      const reopened = await open();
      expect(sequences(await reopened.read(3, count - 2, ALL))).toEqual([
        count - 1,
        count,
        ...Array.from({ length: 9 }, (_, index) => count + 2 + index),
      ]);
      await reopened.close();
    },
  );

  it('ends although events go on being spooled', async () => {
    const spool = await open({ maximumBytes: 2 ** 30 });
    const secret = Buffer.from('ann@example.com');
    await spool.append(1, 1, secret);
    let sequence = 1;
    let isPurged = false;
    // Much later than a purge takes: it must not be their end that ends it.
    const until = performance.now() + 20_000;
    const send = async (): Promise<void> => {
      while (!isPurged && performance.now() < until) await spool.append(2, (sequence += 1), content(sequence));
    };
    const senders = Array.from({ length: 20 }, send);
    await spool.owePurge();
    spool.erase(1, 1, secret.length);
    await spool.purge();
    expect(performance.now()).toBeLessThan(until);
    isPurged = true;
    await Promise.all(senders);
    expect(spool.entriesOf(2)).toBe(sequence - 1);
    await spool.close();
  }, 120_000);

  it('that comes after a close is refused', async () => {
    const spool = await open();
    await appendAll(spool, 1, 1, 3);
    await spool.owePurge();
    await spool.close();
    await expect(spool.purge()).rejects.toThrow(SpoolError);
  });
});
