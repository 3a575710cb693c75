import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Quarantine, type QuarantineEntry, type QuarantineProblem } from './quarantine';

type Entry = QuarantineEntry & { readonly problem: QuarantineProblem };

let root: string;
let folder: string;
const lines: string[] = [];
const note = (message: string): void => void lines.push(message);
const log = { info: note, warn: note, error: note };

beforeEach(async () => {
  lines.length = 0;
  root = await mkdtemp(path.join(tmpdir(), 'quarantine-'));
  folder = path.join(root, 'quarantine');
});
afterEach(() => rm(root, { recursive: true, force: true }));

const open = (): Promise<Quarantine> => Quarantine.open(folder, log);

function entry(id: string, changes: Partial<Entry> = {}): Entry {
  const record = Buffer.from(`\u0001record\n of ${id}\n`);
  return { id, problem: 'refused', quarantinedAt: 1_700_000_000_000, record, ...changes };
}

const headerOf = ({ record: _record, ...header }: Entry) => header;

it('returns entries byte for byte, oldest first, also to another process', async () => {
  const quarantine = await open();
  const late = entry('late', { quarantinedAt: 1_700_000_000_002, detail: 'message size 9 is larger than 8' });
  const early = entry('early', { quarantinedAt: 1_700_000_000_001, problem: 'damaged', record: Buffer.alloc(0) });
  await Promise.all([late, early].map((each) => quarantine.add(each)));
  const other = await open();
  expect(await other.list()).toEqual([early, late].map(headerOf));
  expect(await other.read('late')).toEqual(late);
  expect(await other.read('early')).toEqual(early);
  expect([quarantine.entries, other.entries]).toEqual([2, 2]);
});

it('logs each entry that is added, and at start that there are entries', async () => {
  await (await open()).add(entry('m1'));
  expect(lines).toEqual(['an event cannot be published: it was quarantined']);
  await open();
  expect(lines).toHaveLength(2);
});

it('contains an id once, however often it is added', async () => {
  const quarantine = await open();
  await Promise.all(
    [entry('m1'), entry('m1'), entry('m1', { problem: 'unencodable' })].map((each) => quarantine.add(each)),
  );
  expect(await quarantine.list()).toEqual([headerOf(entry('m1', { problem: 'unencodable' }))]);
  expect(quarantine.entries).toBe(1);
});

it('removes an entry, and reports whether it existed', async () => {
  const quarantine = await open();
  const other = await open();
  await quarantine.add(entry('m1'));
  expect(await other.remove('m1')).toBe(true);
  expect(await other.remove('m1')).toBe(false);
  expect(await quarantine.read('m1')).toBeUndefined();
  expect(await quarantine.count()).toBe(0);
});

it.each([
  ['with a path traversal', '../../escaped'],
  ['that is empty', ''],
  ['that is a folder', '.'],
  ['with a slash', 'a/b'],
  ['of non-ASCII letters', 'é'.repeat(300)],
  ['that looks like an option', '-rf'],
  ['longer than a file name may be', 'x'.repeat(5_000)],
])('keeps an entry in its folder under an id %s', async (_what, id) => {
  const quarantine = await open();
  await quarantine.add(entry(id));
  expect(await readdir(root)).toEqual(['quarantine']);
  expect(await readdir(folder)).toHaveLength(1);
  expect((await quarantine.list()).map((header) => header.id)).toEqual([id]);
  expect(await quarantine.read(id)).toEqual(entry(id));
  expect(await quarantine.remove(id)).toBe(true);
});

it('allows only its own user to read it', async () => {
  await (await open()).add(entry('m1'));
  expect((await stat(folder)).mode & 0o777).toBe(0o700);
  const [file = ''] = await readdir(folder);
  expect((await stat(path.join(folder, file))).mode & 0o777).toBe(0o600);
});

it('ignores other files, and files that a crash left half written', async () => {
  const quarantine = await open();
  await quarantine.add(entry('m1'));
  const [file = ''] = await readdir(folder);
  const whole = await readFile(path.join(folder, file));
  await writeFile(path.join(folder, 'm2.record.tmp'), whole.subarray(0, 20));
  await writeFile(path.join(folder, '.nfs0001'), 'x');
  await writeFile(path.join(folder, 'notes.txt'), 'x');
  await mkdir(path.join(folder, 'folder.record'));
  expect((await quarantine.list()).map(({ id }) => id)).toEqual(['m1']);
  expect(await quarantine.count()).toBe(1);
  await quarantine.add(entry('m2'));
  expect(await quarantine.read('m2')).toEqual(entry('m2'));
});

it('lists a file with a damaged header, so that it can be copied and removed', async () => {
  const quarantine = await open();
  await quarantine.add(entry('m1'));
  const [file = ''] = await readdir(folder);
  await truncate(path.join(folder, file), 10);
  await utimes(path.join(folder, file), 1_700_000_000, 1_700_000_000);
  const header = { id: 'm1', problem: 'unreadable', quarantinedAt: 1_700_000_000_000 };
  expect(await quarantine.list()).toEqual([header]);
  expect(await quarantine.read('m1')).toEqual({ ...header, record: Buffer.from('{"id":"m1"') });
  expect(await quarantine.remove('m1')).toBe(true);
});

it('never returns an incomplete entry', async () => {
  const quarantine = await open();
  const record = Buffer.alloc(256 * 1024, 'x');
  let isAdding = true;
  const adding = (async () => {
    for (let count = 0; count < 60; count += 1) await quarantine.add(entry(`m${count % 3}`, { record }));
    isAdding = false;
  })();
  const sizes = new Set<number | undefined>();
  while (isAdding) {
    for (const { id } of await quarantine.list()) sizes.add((await quarantine.read(id))?.record.length);
  }
  await adding;
  expect([...sizes]).toEqual([record.length]);
});

it('opens an existing folder without creating one', async () => {
  expect(await Quarantine.openExisting(folder, log)).toBeUndefined();
  expect(await readdir(root)).toEqual([]);
  await (await open()).add(entry('m1'));
  expect((await Quarantine.openExisting(folder, log))?.entries).toBe(1);
});

it('rejects an entry when the disk is full, leaves no part of it, and accepts it once there is space', async () => {
  // Only root may mount.
  if (process.getuid?.() !== 0) return;
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', root]);
  try {
    const quarantine = await open();
    const big = entry('big', { record: Buffer.alloc(900 * 1024) });
    await expect(quarantine.add(big)).rejects.toThrow('full');
    await writeFile(path.join(root, 'other'), Buffer.alloc(700 * 1024));
    const middle = entry('middle', { record: Buffer.alloc(100 * 1024) });
    await expect((await open()).add(middle)).rejects.toThrow();
    expect(await readdir(folder)).toEqual([]);
    expect(quarantine.entries).toBe(0);
    await rm(path.join(root, 'other'));
    await (await open()).add(middle);
    expect(await quarantine.read('middle')).toEqual(middle);
  } finally {
    execFileSync('umount', [root]);
  }
});
