import { ManualClock, waitUntil } from '@pdaltagent/testing';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Spool } from './spool';
import { SpoolError } from './spool-ports';

const MEGABYTE = 1024 * 1024;
const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
const content = (sequence: number): Buffer => Buffer.alloc(4_000, `event ${sequence} `);

let folder: string;
let isMounted: boolean;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'full-disk-'));
  isMounted = mount(folder);
});
afterEach(() => {
  if (isMounted) execFileSync('umount', [folder]);
  rmSync(folder, { recursive: true });
});

/** Mounts a disk of 16 MB; false if this user may not: only root may mount. */
function mount(at: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', at], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** If there is no such disk, the spool's maximum size takes its place. */
async function open(): Promise<Spool> {
  const maximumBytes = isMounted ? 1024 * MEGABYTE : 10 * MEGABYTE;
  const spool = await Spool.open(path.join(folder, 'spool'), { maximumBytes, log });
  if (spool === undefined) throw new Error('the folder is locked');
  return spool;
}

const LANES_FOLDER = 4;
const laneOf = (sequence: number): number => sequence % LANES_FOLDER;

/** Appends until the spool refuses. */
async function fill(spool: Spool, from: number): Promise<{ readonly stored: number[]; readonly code: string }> {
  const stored: number[] = [];
  for (let sequence = from; ; sequence += 1) {
    try {
      await spool.append(laneOf(sequence), sequence, content(sequence));
      stored.push(sequence);
    } catch (error) {
      if (error instanceof SpoolError) return { stored, code: error.code };
      throw error;
    }
  }
}

async function all(spool: Spool): Promise<number[]> {
  const found: number[] = [];
  for (let lane = 0; lane < LANES_FOLDER; lane += 1) {
    for (const entry of await spool.read(lane, 0, { entries: 100_000, bytes: Infinity })) {
      expect(entry.content.equals(content(entry.sequence))).toBe(true);
      found.push(entry.sequence);
    }
  }
  return found.sort((a, b) => a - b);
}

it('refuses entries when the disk is full, keeps stored ones over a restart, and can be emptied and filled again', async () => {
  const first = await open();
  const { stored, code } = await fill(first, 1);
  expect(code).toBe('full');
  expect(stored.length).toBeGreaterThan(1_000);
  expect(await all(first)).toEqual(stored);
  await first.close();

  const second = await open();
  expect(await all(second)).toEqual(stored);
  for (const sequence of stored) second.erase(laneOf(sequence), sequence, content(sequence).length);
  expect(second.entries).toBe(0);
  await second.close();

  const third = await open();
  expect(await all(third)).toEqual([]);
  expect((await fill(third, 10_000)).stored.length).toBeGreaterThan(1_000);
  await third.close();
});

it('survives a disk that other processes fill: continues reading, and writes again once there is space', async () => {
  const spool = await open();
  await spool.append(laneOf(1), 1, content(1));
  const release = takeAllRoom();
  // Its knowledge of the free space is slightly outdated: it may only notice when a write fails.
  const refused = await fill(spool, 2);
  expect(['full', 'failing']).toContain(refused.code);
  const kept = [1, ...refused.stored];
  expect(await all(spool)).toEqual(kept);
  release();
  // With a maximum size, there is space again only once an entry has been erased.
  const gone = isMounted ? undefined : kept.pop();
  if (gone !== undefined) spool.erase(laneOf(gone), gone, content(gone).length);
  await expect(writable(spool)).resolves.toBe(true);
  expect((await all(spool)).slice(0, kept.length)).toEqual(kept);
  await spool.close();
  const again = await open();
  expect((await all(again)).slice(0, kept.length)).toEqual(kept);
  await again.close();
});

it('leaves space for the other lanes when one lane fills a disk that is smaller than the spool’s maximum size', async () => {
  const spool = await open();
  // Random bytes, because LevelDB compresses.
  const entry = randomBytes(4_000);
  const fillLane = async (from: number): Promise<number> => {
    for (let sequence = from; ; sequence += 1) {
      const isStored = await spool.append(0, sequence, entry).then(
        () => true,
        () => false,
      );
      if (!isStored) return sequence;
    }
  };
  let next = await fillLane(1);
  // While LevelDB compacts it uses more disk space than afterwards.
  await waitUntil(
    async () => {
      const before = next;
      next = await fillLane(next);
      return next === before && spool.condition === 'usable';
    },
    { what: 'the lane to be full, but not the disk', intervalMs: 300 },
  );
  expect(next).toBeGreaterThan(1_000);
  for (let sequence = 1; sequence <= 200; sequence += 1) await spool.append(1, 100_000 + sequence, Buffer.alloc(1_000));
  expect(spool.entriesOf(1)).toBe(200);
  await spool.close();
});

it('is usable again once a full disk has space, although nothing is appended or erased', async () => {
  if (!isMounted) return;
  const clock = new ManualClock();
  const spool = await Spool.open(path.join(folder, 'spool'), { maximumBytes: 1024 * MEGABYTE, log, clock });
  if (spool === undefined) throw new Error('the folder is locked');
  const release = takeAllRoom();
  await expect(spool.append(1, 1, content(1))).rejects.toBeInstanceOf(SpoolError);
  expect(spool.condition).not.toBe('usable');
  release();
  await waitUntil(
    () => {
      clock.advance(1_000);
      return spool.condition === 'usable';
    },
    { what: 'the spool to be usable', intervalMs: 5 },
  );
  await spool.append(1, 2, content(2));
  await spool.close();
});

function takeAllRoom(): () => void {
  if (!isMounted) return () => undefined;
  const file = path.join(folder, 'other');
  const descriptor = openSync(file, 'w');
  try {
    for (;;) writeSync(descriptor, Buffer.alloc(64 * 1024));
  } catch {
    closeSync(descriptor);
  }
  return () => rmSync(file);
}

async function writable(spool: Spool): Promise<boolean> {
  for (;;) {
    try {
      await spool.append(laneOf(1_000_000), 1_000_000, content(1_000_000));
      return true;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
