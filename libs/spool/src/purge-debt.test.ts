import { ClassicLevel } from 'classic-level';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type ClaimOptions, claimSpool, OrphanedSpools } from './claim';
import { openDatabase } from './database';
import { failNextSync } from './failing-sync.fixture';
import { legacyKeyOf } from './legacy-key';
import { LegacySpool } from './legacy-spool';
import { withChecksum } from './record';
import { Spool } from './spool';
import { SpoolError } from './spool-ports';

const SECRET = Buffer.from('ann@example.com');
const LANE = 3;
const ALL = { entries: 100, bytes: Infinity };
const lines: string[] = [];
const note = (message: string): void => void lines.push(message);
const options: ClaimOptions = {
  maximumBytes: 2 ** 30,
  log: { info: note, warn: note, error: note },
  laneOf: () => LANE,
};

let root: string;
beforeEach(async () => {
  lines.length = 0;
  root = await mkdtemp(path.join(tmpdir(), 'purge-debt-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function open(folder = path.join(root, '0')): Promise<Spool> {
  const spool = await Spool.open(folder, options);
  if (spool === undefined) throw new Error('the folder is locked');
  return spool;
}

function failNextCompaction(): void {
  const spy = jest.spyOn(ClassicLevel.prototype, 'compactRange');
  spy.mockImplementationOnce(() => {
    spy.mockRestore();
    return Promise.reject(new Error('IO error: Input/output error'));
  });
}

async function isOnDisk(folder = path.join(root, '0')): Promise<boolean> {
  const files = await readdir(folder, { recursive: true, withFileTypes: true });
  const contents = files.filter((file) => file.isFile()).map((file) => readFile(path.join(file.parentPath, file.name)));
  return (await Promise.all(contents)).some((content) => content.includes(SECRET));
}

/** Erases an entry, as a search does; its purge fails. */
async function eraseWithoutPurge(spool: Spool): Promise<void> {
  await spool.append(LANE, 1, SECRET);
  await spool.append(LANE, 2, Buffer.from('stays'));
  await spool.owePurge();
  spool.erase(LANE, 1, SECRET.length);
  failNextCompaction();
  await expect(spool.purge()).rejects.toThrow(SpoolError);
}

it('a purge that failed is owed until one succeeds', async () => {
  const spool = await open();
  await eraseWithoutPurge(spool);
  expect([spool.owesPurge, await isOnDisk()]).toEqual([true, true]);
  await spool.purge();
  expect([spool.owesPurge, await isOnDisk()]).toEqual([false, false]);
  await spool.close();
});

it('the next process knows it, and reads nothing else than before', async () => {
  const spool = await open();
  await eraseWithoutPurge(spool);
  await spool.close();
  const next = await open();
  expect([next.owesPurge, next.entries, next.lastSequence, await next.oldestSequence()]).toEqual([true, 1, 2, 2]);
  expect(await next.read(LANE, 0, ALL)).toHaveLength(1);
  await next.settlePurge();
  await next.close();
  expect(await isOnDisk()).toBe(false);
  const last = await open();
  expect([last.owesPurge, last.entries]).toEqual([false, 1]);
  await last.close();
});

it('is not owed if nothing of it could be written, and the caller hears that', async () => {
  const spool = await open();
  await spool.append(LANE, 1, SECRET);
  failNextSync();
  await expect(spool.owePurge()).rejects.toThrow(SpoolError);
  await spool.close();
  const next = await open();
  expect([next.owesPurge, next.entries]).toEqual([false, 1]);
  await next.close();
});

it('a purge that begins before another erasure leaves that one’s owed', async () => {
  const spool = await open();
  await spool.append(LANE, 1, SECRET);
  await spool.append(LANE, 2, SECRET);
  await spool.owePurge();
  spool.erase(LANE, 1, SECRET.length);
  const first = spool.purge();
  await spool.owePurge();
  spool.erase(LANE, 2, SECRET.length);
  await first;
  expect(spool.owesPurge).toBe(true);
  await spool.purge();
  expect([spool.owesPurge, await isOnDisk()]).toEqual([false, false]);
  await spool.close();
});

it('an orphaned spool that has nothing else is purged before it is released', async () => {
  const { spool: own } = await claimSpool(root, options);
  const { spool: other } = await claimSpool(root, options);
  await eraseWithoutPurge(other);
  other.erase(LANE, 2, 'stays'.length);
  await other.close();
  expect(await isOnDisk(other.folder)).toBe(true);
  expect(await new OrphanedSpools(root, own, options).claim()).toEqual([]);
  expect(await isOnDisk(other.folder)).toBe(false);
  await own.close();
});

it('an orphaned spool whose purge fails is tried again at the next search for orphans, and that is logged', async () => {
  const { spool: own } = await claimSpool(root, options);
  const { spool: other } = await claimSpool(root, options);
  await eraseWithoutPurge(other);
  other.erase(LANE, 2, 'stays'.length);
  await other.close();
  const orphans = new OrphanedSpools(root, own, options);
  failNextCompaction();
  await orphans.claim();
  expect(lines).toEqual(['erased events may still be in the files of the spool: erase again']);
  expect(await isOnDisk(other.folder)).toBe(true);
  await orphans.claim();
  expect(await isOnDisk(other.folder)).toBe(false);
  await own.close();
});

it('is known in the previous release’s layout, too, and counts as no event there', async () => {
  const folder = path.join(root, '0');
  const database = await openDatabase(folder);
  await database?.put(legacyKeyOf(1, SECRET.length), withChecksum(SECRET));
  await database?.close();
  const legacy = await LegacySpool.open(folder, options);
  await legacy?.owePurge();
  legacy?.erase(LANE, 1, SECRET.length);
  await legacy?.close();
  const next = await LegacySpool.open(folder, options);
  expect([next?.owesPurge, next?.entries, next?.unrecognized]).toEqual([true, 0, 0]);
  await next?.close();
  const { spool, legacy: claimed } = await claimSpool(root, options);
  expect([claimed, await isOnDisk()]).toEqual([undefined, false]);
  await spool.close();
});
