import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { claimSpool } from './claim';
import { type Spool } from './spool';
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

/** A disk of 16 MB of its own, where this user may have one: only root may mount. */
function mount(at: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', at], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Without a disk of its own a quota stands for it. */
const open = (): Promise<Spool> =>
  claimSpool(path.join(folder, 'spool'), { maximumBytes: isMounted ? 1024 * MEGABYTE : 10 * MEGABYTE, log });

/** Appends until the spool refuses. */
async function fill(spool: Spool, from: number): Promise<{ readonly stored: number[]; readonly code: string }> {
  const stored: number[] = [];
  for (let sequence = from; ; sequence += 1) {
    try {
      await spool.append(sequence, content(sequence));
      stored.push(sequence);
    } catch (error) {
      if (error instanceof SpoolError) return { stored, code: error.code };
      throw error;
    }
  }
}

async function all(spool: Spool): Promise<number[]> {
  return (await spool.read(0, { entries: 100_000, bytes: Infinity })).map(({ sequence, content: read }) => {
    expect(read.equals(content(sequence))).toBe(true);
    return sequence;
  });
}

it('refuses what a full disk cannot take, keeps what it took over a restart, and can be emptied and filled again', async () => {
  const first = await open();
  const { stored, code } = await fill(first, 1);
  expect(code).toBe('full');
  expect(stored.length).toBeGreaterThan(1_000);
  expect(await all(first)).toEqual(stored);
  await first.close();

  const second = await open();
  expect(await all(second)).toEqual(stored);
  for (const sequence of stored) second.erase(sequence, content(sequence).length);
  expect(second.entries).toBe(0);
  await second.close();

  const third = await open();
  expect(await all(third)).toEqual([]);
  expect((await fill(third, 10_000)).stored.length).toBeGreaterThan(1_000);
  await third.close();
});

it('survives a disk that others fill under its hands: reads on, and writes again once there is room', async () => {
  const spool = await open();
  await spool.append(1, content(1));
  const release = takeAllRoom();
  // What it knows of the disk is a moment old: it may find out by trying.
  const refused = await fill(spool, 2);
  expect(['full', 'failing']).toContain(refused.code);
  const kept = [1, ...refused.stored];
  expect(await all(spool)).toEqual(kept);
  release();
  // A quota has room again only once something has gone.
  const gone = isMounted ? undefined : kept.pop();
  if (gone !== undefined) spool.erase(gone, content(gone).length);
  await expect(writable(spool)).resolves.toBe(true);
  expect((await all(spool)).slice(0, kept.length)).toEqual(kept);
  await spool.close();
  const again = await open();
  expect((await all(again)).slice(0, kept.length)).toEqual(kept);
  await again.close();
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
      await spool.append(1_000_000, content(1_000_000));
      return true;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
