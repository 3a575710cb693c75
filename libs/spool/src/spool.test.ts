import { cp, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Spool } from './spool';
import { SpoolError, type SpoolOptions, type StoredEntry } from './spool-ports';

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

async function open(changes: Partial<SpoolOptions> = {}): Promise<Spool> {
  const spool = await Spool.open({ folder: path.join(root, '0'), maximumBytes: 1024 * 1024, log, ...changes });
  if (spool === undefined) throw new Error('the folder is locked');
  return spool;
}

const content = (sequence: number): Buffer => Buffer.from(`event ${sequence} `.repeat(10));
const sequences = (entries: readonly StoredEntry[]): number[] => entries.map(({ sequence }) => sequence);

async function appendAll(spool: Spool, from: number, to: number): Promise<void> {
  const numbers = Array.from({ length: to - from + 1 }, (_, index) => from + index);
  await Promise.all(numbers.map((sequence) => spool.append(sequence, content(sequence))));
}

it('gives back in the order of sequences what was appended in any order, also after it was opened again', async () => {
  const first = await open();
  await Promise.all([2 ** 40, 5, 2 ** 32 + 1, 70_000].map((sequence) => first.append(sequence, content(sequence))));
  await first.close();
  const second = await open();
  expect(await second.read(5, ALL)).toEqual(
    [70_000, 2 ** 32 + 1, 2 ** 40].map((sequence) => ({
      sequence,
      bytes: content(sequence).length,
      content: content(sequence),
    })),
  );
  expect([second.entries, second.last, await second.oldest()]).toEqual([4, 2 ** 40, 5]);
  await second.close();
});

it('reads a page of so many entries, or so many bytes, and at least one', async () => {
  const spool = await open();
  await appendAll(spool, 1, 10);
  expect(sequences(await spool.read(0, { entries: 3, bytes: 10_000 }))).toEqual([1, 2, 3]);
  expect(sequences(await spool.read(3, { entries: 30, bytes: 1 }))).toEqual([4]);
  await spool.close();
});

it('never reads an erased entry again, and forgets it on disk too', async () => {
  const spool = await open();
  await appendAll(spool, 1, 4);
  spool.erase(2, content(2).length);
  spool.erase(2, content(2).length);
  expect(spool.entries).toBe(3);
  expect(spool.bytes).toBe(content(1).length * 3);
  expect(sequences(await spool.read(0, ALL))).toEqual([1, 3, 4]);
  await spool.close();
  const again = await open();
  expect(sequences(await again.read(0, ALL))).toEqual([1, 3, 4]);
  await again.close();
});

it('belongs to one process at a time', async () => {
  const spool = await open();
  expect(await Spool.open({ folder: spool.folder, maximumBytes: 1, log })).toBeUndefined();
  await spool.close();
  await (await open()).close();
});

it('refuses what goes over its size, and takes entries again once there is room', async () => {
  const size = content(1).length;
  const spool = await open({ maximumBytes: size * 2 });
  await appendAll(spool, 1, 2);
  await expect(spool.append(3, content(3))).rejects.toEqual(new SpoolError('full'));
  expect(spool.condition).toBe('full');
  spool.erase(1, size);
  expect(spool.condition).toBe('usable');
  await spool.append(4, content(4));
  expect(sequences(await spool.read(0, ALL))).toEqual([2, 4]);
  await spool.close();
});

describe('a tail that a crash tore', () => {
  it('is dropped, wherever it was torn, and all before it stands', async () => {
    const spool = await open();
    for (let sequence = 1; sequence <= 5; sequence += 1) await spool.append(sequence, content(sequence));
    await spool.close();
    const file = await newestLog(spool.folder);
    const { size } = await stat(file);
    const bytes = await readFile(file);
    const lastWrite = Math.floor(size / 5);
    for (let cut = 1; cut < lastWrite; cut += 13) {
      await rm(path.join(root, 'torn'), { recursive: true, force: true });
      await cp(spool.folder, path.join(root, 'torn'), { recursive: true });
      const torn = path.join(root, 'torn', path.basename(file));
      await writeFile(torn, bytes);
      await truncate(torn, size - cut);
      const after = await open({ folder: path.join(root, 'torn') });
      expect(sequences(await after.read(0, ALL))).toEqual([1, 2, 3, 4]);
      expect(after.entries).toBe(4);
      await after.append(6, content(6));
      expect(sequences(await after.read(0, ALL))).toEqual([1, 2, 3, 4, 6]);
      await after.close();
    }
  });

  it('is never served where it holds other bytes than were written', async () => {
    const spool = await open();
    for (let sequence = 1; sequence <= 5; sequence += 1) await spool.append(sequence, content(sequence));
    await spool.close();
    const file = await newestLog(spool.folder);
    const bytes = await readFile(file);
    bytes.fill(0x55, bytes.length - 40);
    await writeFile(file, bytes);
    const after = await open();
    expect((await after.read(0, ALL)).map((entry) => entry.content)).toEqual([1, 2, 3, 4].map(content));
    await after.close();
  });
});

async function newestLog(folder: string): Promise<string> {
  const [name = ''] = (await readdir(folder)).filter((file) => file.endsWith('.log')).sort();
  return path.join(folder, name);
}
