import { ManualClock, waitUntil } from '@pdaltagent/testing';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { LEVELDB } from './disk';
import { Spool, type SpoolOptions } from './spool';
import { SpoolError } from './spool-ports';

const log = { info: () => undefined, warn: () => undefined, error: () => undefined };

let root: string;
beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'spool-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function open(changes: Pick<SpoolOptions, 'maximumBytes'> & Partial<SpoolOptions>): Promise<Spool> {
  const spool = await Spool.open(path.join(root, '0'), { log, ...changes });
  if (spool === undefined) throw new Error('the folder is locked');
  return spool;
}

const content = (sequence: number): Buffer => Buffer.from(`event ${sequence} `.repeat(10));

async function appendAll(spool: Spool, lane: number, from: number, to: number): Promise<void> {
  const numbers = Array.from({ length: to - from + 1 }, (_, index) => from + index);
  await Promise.all(numbers.map((sequence) => spool.append(lane, sequence, content(sequence))));
}

it('rejects entries over its maximum size, and accepts entries again once there is space', async () => {
  const size = content(1).length;
  const spool = await open({ maximumBytes: size * 2 });
  await Promise.all([spool.append(1, 1, content(1)), spool.append(2, 2, content(2))]);
  await expect(spool.append(3, 3, content(3))).rejects.toEqual(new SpoolError('full'));
  expect(spool.condition).toBe('full');
  spool.erase(1, 1, size);
  expect(spool.condition).toBe('usable');
  await spool.append(4, 4, content(4));
  expect(spool.entries).toBe(2);
  await spool.close();
});

it('rejects entries of a lane that has used three quarters, while others are accepted', async () => {
  const size = content(1).length;
  const spool = await open({ maximumBytes: size * 8 });
  await appendAll(spool, 5, 1, 6);
  await expect(spool.append(5, 7, content(7))).rejects.toEqual(new SpoolError('full'));
  expect(spool.condition).toBe('usable');
  await appendAll(spool, 6, 8, 9);
  spool.erase(5, 1, size);
  await spool.append(5, 7, content(7));
  expect([spool.entriesOf(5), spool.entriesOf(6)]).toEqual([6, 2]);
  await spool.close();
});

it('leaves the last quarter to the others, once one sender has filled most of it', async () => {
  const entry = content(1);
  const size = entry.length;
  const spool = await open({ maximumBytes: size * 12 });
  let sequence = 0;
  const append = (sender: string) => {
    sequence += 1;
    return spool.append(sequence, sequence, entry, sender);
  };
  await append('quiet');
  for (let count = 0; count < 8; count += 1) await append('noisy');
  await expect(append('noisy')).rejects.toEqual(new SpoolError('full'));
  expect(spool.condition).toBe('usable');
  await append('quiet');
  await append('another');
  // Erased entries do not count any more once the spool is empty.
  for (let at = 1; at <= sequence; at += 1) if (spool.entriesOf(at) > 0) spool.erase(at, at, size);
  for (let count = 0; count < 12; count += 1) await append('noisy');
  expect(spool.entries).toBe(12);
  await spool.close();
});

it('does not count for a sender what could not be written', async () => {
  const clock = new ManualClock();
  let freeBytes = 2 ** 40;
  const disk = { ...LEVELDB, space: () => Promise.resolve({ totalBytes: 2 ** 40, freeBytes }) };
  const spool = await open({ maximumBytes: 100_000, clock, disk });
  let sequence = 0;
  const append = (lane: number, sender: string) => {
    sequence += 1;
    return spool.append(lane, sequence, Buffer.alloc(1_000), sender);
  };
  for (let count = 0; count < 40; count += 1) await append(1, 'one');
  freeBytes = 0;
  clock.advance(200);
  for (let count = 0; count < 400; count += 1) await expect(append(2, 'other')).rejects.toThrow(SpoolError);
  freeBytes = 2 ** 40;
  clock.advance(1_000);
  const isWritten = () =>
    append(2, 'third').then(
      () => true,
      () => false,
    );
  await waitUntil(isWritten, { what: 'the disk to have space again' });
  for (let count = 1; count < 36; count += 1) await append(2, 'third');
  // Three quarters are in use.
  await append(3, 'other');
  await spool.close();
});

it('may be filled by one sender if it is alone', async () => {
  const entry = content(1);
  const size = entry.length;
  const spool = await open({ maximumBytes: size * 4 });
  for (let lane = 0; lane < 4; lane += 1) await spool.append(lane, lane + 1, entry, 'alone');
  expect(spool.entries).toBe(4);
  await spool.close();
});
