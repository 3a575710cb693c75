import { ManualClock } from '@pdaltagent/testing';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type ClaimOptions, claimSpool, OrphanedSpools } from './claim';
import { openDatabase } from './database';
import { LEVELDB } from './disk';
import { type Spool } from './spool';
import { legacyKeyOf } from './legacy-key';
import { withChecksum } from './record';

const lines: string[] = [];
const note = (message: string): void => void lines.push(message);
const log = { info: note, warn: note, error: note };
const options: ClaimOptions = { maximumBytes: 1024 * 1024, log, laneOf: () => 3 };
const ALL = { entries: 100, bytes: Infinity };

let root: string;
beforeEach(async () => {
  lines.length = 0;
  root = await mkdtemp(path.join(tmpdir(), 'spools-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function claim(): Promise<Spool> {
  const { spool, legacy } = await claimSpool(root, options);
  await legacy?.close();
  return spool;
}

async function writeLegacy(name: string, text: string): Promise<void> {
  const database = await openDatabase(path.join(root, name));
  await database?.put(legacyKeyOf(1, text.length), withChecksum(Buffer.from(text)));
  await database?.close();
}

it('gives each process its own folder, and reuses a folder of an earlier process with its entries', async () => {
  const [first, second] = [await claim(), await claim()];
  expect([first, second].map(({ folder }) => folder)).toEqual(['0', '1'].map((name) => path.join(root, 'lanes', name)));
  await first.append(3, 1, Buffer.from('left'));
  await first.close();
  const third = await claim();
  expect([path.basename(third.folder), third.entries]).toEqual(['0', 1]);
  await Promise.all([second.close(), third.close()]);
});

it('creates nothing that the previous release would mistake for a spool, and does not open its empty folders', async () => {
  await claim().then((spool) => spool.close());
  expect(await readdir(root)).toEqual(['lanes']);
  await mkdir(path.join(root, '0'));
  const { spool, legacy } = await claimSpool(root, options);
  expect(legacy).toBeUndefined();
  await spool.close();
});

it('finds orphaned spools in both layouts, but not its own, empty ones, or those in use', async () => {
  for (const name of ['0', '1']) await writeLegacy(name, `legacy ${name}`);
  const { spool: own, legacy } = await claimSpool(root, options);
  const [gone, busy, empty] = [await claim(), await claim(), await claim()];
  for (const spool of [own, gone, busy]) await spool.append(3, 7, Buffer.from(path.basename(spool.folder)));
  await Promise.all([gone.close(), empty.close()]);
  await writeLegacy('2', 'legacy 2');

  const orphans = await new OrphanedSpools(root, own, options).claim();
  const contents = await Promise.all(
    orphans.map(async (orphan) => (await orphan.read(3, 0, ALL)).map(({ content }) => content.toString())),
  );
  expect(legacy?.folder).toBe(path.join(root, '0'));
  expect(contents.flat().sort()).toEqual(['1', 'legacy 1', 'legacy 2']);
  expect(await new OrphanedSpools(root, own, options).claim()).toEqual([]);

  const [first] = orphans;
  for (const { sequence, bytes } of (await first?.read(3, 0, ALL)) ?? []) first?.erase(3, sequence, bytes);
  await Promise.all(orphans.map((orphan) => orphan.close()));
  const again = await new OrphanedSpools(root, own, options).claim();
  expect(again.map(({ folder }) => folder)).toEqual(orphans.slice(1).map(({ folder }) => folder));
  for (const source of [...again, own, legacy, busy]) await source?.close();
});

it('finds the other orphaned spools if the database of one cannot be opened', async () => {
  const own = await claim();
  await writeLegacy('4', 'legacy 4');
  await rm(path.join(root, '4', 'LOCK'));
  await mkdir(path.join(root, '4', 'LOCK'));
  await writeLegacy('5', 'legacy 5');
  const orphans = await new OrphanedSpools(root, own, options).claim();
  expect(orphans.map(({ folder }) => path.basename(folder))).toEqual(['5']);
  expect(lines).toContain('a spool folder cannot be opened');
  await Promise.all([...orphans, own].map((source) => source.close()));
});

it('does not open a folder again whose entries stay in it, until another process has opened it, or for an hour', async () => {
  const opened: string[] = [];
  const clock = new ManualClock();
  const disk = { ...LEVELDB, open: (folder: string) => (opened.push(path.basename(folder)), LEVELDB.open(folder)) };
  const [own, gone, empty] = [await claim(), await claim(), await claim()];
  await gone.append(3, 7, Buffer.from('of a newer version'));
  await Promise.all([gone.close(), empty.close()]);
  const orphans = new OrphanedSpools(root, own, { ...options, clock, disk });
  const claimAndRelease = async (): Promise<readonly string[]> => {
    for (const source of await orphans.claim()) await orphans.release(source);
    return opened.splice(0);
  };
  expect(await claimAndRelease()).toEqual(['1', '2']);
  expect(await claimAndRelease()).toEqual([]);

  const other = await openDatabase(gone.folder);
  await other?.close();
  expect(await claimAndRelease()).toEqual(['1']);
  clock.advance(3_600_000);
  expect(await claimAndRelease()).toEqual(['1', '2']);
  await own.close();
});
