import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { type ClaimOptions, claimSpool, OrphanedSpools } from './claim';
import { openDatabase } from './database';
import { legacyKeyOf, readLegacyKey } from './legacy-key';
import { verifiedContent, withChecksum } from './record';
import { type SpoolSource, type StoredEntry } from './spool-ports';

let root: string;
const lines: string[] = [];
const note = (message: string): void => void lines.push(message);
const log = { info: note, warn: note, error: note };
const ALL = { entries: 10_000, bytes: Infinity };

/** Records in these tests begin with their lane: '5:…'. */
const laneOf = (content: Buffer): number | undefined => {
  const lane = Number.parseInt(content.toString('latin1', 0, content.indexOf(':')), 10);
  return Number.isNaN(lane) ? undefined : lane;
};
const options: ClaimOptions = { maximumBytes: 1024 * 1024, log, laneOf };
const texts = (entries: readonly StoredEntry[]): string[] => entries.map(({ content }) => content.toString());

beforeEach(async () => {
  lines.length = 0;
  root = await mkdtemp(path.join(tmpdir(), 'legacy-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** Writes a folder like the previous release: key = sequence and size, value = checksum and content. */
async function writeLegacy(name: string, contents: Readonly<Record<number, string>>): Promise<void> {
  const database = await openDatabase(path.join(root, name));
  for (const [sequence, text] of Object.entries(contents)) {
    const content = Buffer.from(text);
    await database?.put(legacyKeyOf(Number(sequence), content.length), withChecksum(content));
  }
  await database?.close();
}

/** Reads a folder like the previous release. */
async function readLegacy(name: string): Promise<string[]> {
  const database = await openDatabase(path.join(root, name));
  const found: string[] = [];
  for await (const [key, value] of database?.iterator() ?? []) {
    expect(key).toHaveLength(12);
    const content = verifiedContent(value, key.readUInt32BE(8));
    found.push(content?.toString() ?? 'damaged');
  }
  await database?.close();
  return found;
}

async function drainLane(source: SpoolSource, lane: number): Promise<string[]> {
  const found: string[] = [];
  for (let after = 0; ;) {
    const page = await source.read(lane, after, { entries: 2, bytes: Infinity });
    if (page.length === 0) return found;
    for (const { sequence, bytes, content } of page) {
      found.push(content.toString());
      source.erase(lane, sequence, bytes);
      after = sequence;
    }
  }
}

it('drains a spool of the previous release lane by lane; after a downgrade that release finds what was not sent', async () => {
  await writeLegacy('0', { 1: '5:a', 2: '6:b', 3: '5:c', 4: '6:d', [2 ** 40]: '5:e' });
  const { spool, legacy } = await claimSpool(root, options);
  if (legacy === undefined) throw new Error('no legacy spool');
  expect([legacy.folder, legacy.entries, legacy.bytes]).toEqual([path.join(root, '0'), 5, 15]);
  expect([legacy.entriesOf(5), legacy.bytesOf(6), legacy.entriesOf(7)]).toEqual([3, 6, 0]);
  expect(texts(await legacy.read(6, 0, ALL))).toEqual(['6:b', '6:d']);
  expect(texts(await legacy.read(5, 1, { entries: 1, bytes: 100 }))).toEqual(['5:c']);
  expect(texts(await legacy.read(5, 1, { entries: 9, bytes: 1 }))).toEqual(['5:c']);
  expect(await legacy.oldestSequence()).toBe(1);

  await spool.append(5, 2 ** 40 + 1, Buffer.from('5:new'));
  expect(await drainLane(legacy, 5)).toEqual(['5:a', '5:c', '5:e']);
  legacy.erase(5, 1, 3);
  expect([legacy.entries, legacy.bytes, await legacy.oldestSequence()]).toEqual([2, 6, 2]);
  await Promise.all([legacy.close(), spool.close()]);

  expect(await readLegacy('0')).toEqual(['6:b', '6:d']);
  const again = await claimSpool(root, options);
  expect([again.legacy?.entries, again.spool.entries]).toEqual([2, 1]);
  await Promise.all([again.legacy?.close(), again.spool.close()]);
});

it('leaves entries that it cannot read in their folder, and logs that once', async () => {
  await writeLegacy('0', { 1: '5:a', 2: 'from the future' });
  const { spool, legacy } = await claimSpool(root, options);
  if (legacy === undefined) throw new Error('no legacy spool');
  expect(legacy.entries).toBe(1);
  expect(lines).toEqual(['spooled events that this version cannot read are left in their folder']);
  expect(await drainLane(legacy, 5)).toEqual(['5:a']);
  await legacy.close();
  expect(await readLegacy('0')).toEqual(['from the future']);

  for (let scan = 0; scan < 2; scan += 1) expect(await new OrphanedSpools(root, spool, options).claim()).toEqual([]);
  expect(lines).toHaveLength(1);
  await spool.close();
});

it('returns damaged entries, for the quarantine, even if a folder contains nothing else', async () => {
  await writeLegacy('0', { 1: '5:a' });
  for (const name of ['0', '1']) {
    const database = await openDatabase(path.join(root, name));
    await database?.put(legacyKeyOf(3, 5), Buffer.from('0000torn'));
    await database?.close();
  }
  const { spool, legacy } = await claimSpool(root, options);
  const sources = [legacy, ...(await new OrphanedSpools(root, spool, options).claim())];
  expect(sources).toHaveLength(2);
  for (const source of sources) {
    const damaged = await source?.read(0, 0, ALL);
    expect(damaged).toEqual([{ sequence: 3, bytes: 5, content: Buffer.from('torn'), isDamaged: true }]);
    source?.erase(0, 3, 5);
    await source?.close();
  }
  expect(await readLegacy('0')).toEqual(['5:a']);
  expect(await readLegacy('1')).toEqual([]);
  expect(lines).toEqual([]);
  await spool.close();
});

describe('a spool that the previous release wrote', () => {
  /** Events 1 to 30 in a table and a log, of which 1, 2, 3 and 21 were sent; team a sent those that are divisible by 3. */
  const FIXTURE = path.join(__dirname, 'last-release.fixture');
  const LANES: Readonly<Record<string, number>> = { 'team-a': 4, 'team-b': 9, 'team-c': 31 };

  /** A record of the previous release: version 1, the length of the head, the head as JSON, the body. */
  function headOf(content: Buffer): { readonly id: string; readonly routingKey: string } {
    expect(content.readUInt8(0)).toBe(1);
    return z
      .object({ id: z.string(), routingKey: z.string() })
      .parse(JSON.parse(content.toString('utf8', 5, 5 + content.readUInt32BE(1))));
  }
  const numberOf = (content: Buffer): number => Number(headOf(content).id.slice(-12));
  const real: ClaimOptions = { ...options, laneOf: (content) => LANES[headOf(content).routingKey] };
  const EXPECTED = Array.from({ length: 30 }, (_, at) => at + 1).filter((n) => ![1, 2, 3, 21].includes(n));
  const ofTeam = (team: number): number[] => EXPECTED.filter((n) => n % 3 === team);

  it('is drained lane by lane in order, and the previous release finds exactly what is left', async () => {
    await cp(FIXTURE, path.join(root, '0'), { recursive: true });
    const { spool, legacy } = await claimSpool(root, real);
    if (legacy === undefined) throw new Error('no legacy spool');
    expect([legacy.entries, legacy.entriesOf(4), legacy.entriesOf(9), legacy.entriesOf(31)]).toEqual([26, 8, 9, 9]);
    const read = async (lane: number): Promise<number[]> =>
      (await legacy.read(lane, 0, ALL)).map(({ content }) => numberOf(content));
    expect([await read(4), await read(9), await read(31)]).toEqual([ofTeam(0), ofTeam(1), ofTeam(2)]);

    for (const { sequence, bytes } of await legacy.read(9, 0, ALL)) legacy.erase(9, sequence, bytes);
    const [first] = await legacy.read(4, 0, ALL);
    if (first !== undefined) legacy.erase(4, first.sequence, first.bytes);
    await spool.append(4, (await legacy.oldestSequence()) ?? 0, Buffer.from('of this version'));
    await Promise.all([legacy.close(), spool.close()]);

    const left: number[] = [];
    const database = await openDatabase(path.join(root, '0'));
    for await (const [key, value] of database?.iterator() ?? []) {
      const name = readLegacyKey(key);
      const content = name === undefined ? undefined : verifiedContent(value, name.bytes);
      if (content !== undefined) left.push(numberOf(content));
    }
    await database?.close();
    expect(left).toEqual(EXPECTED.filter((n) => n % 3 !== 1 && n !== ofTeam(0)[0]));
  });
});
