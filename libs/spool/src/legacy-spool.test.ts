import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { type ClaimOptions, claimSpool, claimOrphans } from './claim';
import { openDatabase } from './database';
import { formerKeyOf, readFormerKey } from './legacy-key';
import { seal, unseal } from './record';
import { type SpoolSource, type StoredEntry } from './spool-ports';

let root: string;
const lines: string[] = [];
const note = (message: string): void => void lines.push(message);
const log = { info: note, warn: note, error: note };
const ALL = { entries: 10_000, bytes: Infinity };

/** Records here begin with their lane, as '5:…'. */
const laneOf = (content: Buffer): number | undefined => {
  const lane = Number.parseInt(content.toString('latin1', 0, content.indexOf(':')), 10);
  return Number.isNaN(lane) ? undefined : lane;
};
const options: ClaimOptions = { maximumBytes: 1024 * 1024, log, laneOf };
const texts = (entries: readonly StoredEntry[]): string[] => entries.map(({ content }) => content.toString());

beforeEach(async () => {
  lines.length = 0;
  root = await mkdtemp(path.join(tmpdir(), 'former-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** As the last release writes its folder: key = sequence and size, value = checksum and content. */
async function writeFormer(name: string, contents: Readonly<Record<number, string>>): Promise<void> {
  const database = await openDatabase(path.join(root, name));
  for (const [sequence, text] of Object.entries(contents)) {
    const content = Buffer.from(text);
    await database?.put(formerKeyOf(Number(sequence), content.length), seal(content));
  }
  await database?.close();
}

/** As the last release reads its folder. */
async function readFormer(name: string): Promise<string[]> {
  const database = await openDatabase(path.join(root, name));
  const found: string[] = [];
  for await (const [key, value] of database?.iterator() ?? []) {
    expect(key).toHaveLength(12);
    const content = unseal(value, key.readUInt32BE(8));
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

it('drains what the last release left lane by lane, and going back to it finds what was not sent', async () => {
  await writeFormer('0', { 1: '5:a', 2: '6:b', 3: '5:c', 4: '6:d', [2 ** 40]: '5:e' });
  const { spool, former } = await claimSpool(root, options);
  if (former === undefined) throw new Error('no former spool');
  expect([former.folder, former.entries, former.bytes]).toEqual([path.join(root, '0'), 5, 15]);
  expect([former.entriesOf(5), former.bytesOf(6), former.entriesOf(7)]).toEqual([3, 6, 0]);
  expect(texts(await former.read(6, 0, ALL))).toEqual(['6:b', '6:d']);
  expect(texts(await former.read(5, 1, { entries: 1, bytes: 100 }))).toEqual(['5:c']);
  expect(texts(await former.read(5, 1, { entries: 9, bytes: 1 }))).toEqual(['5:c']);
  expect(await former.oldest()).toBe(1);

  await spool.append(5, 2 ** 40 + 1, Buffer.from('5:new'));
  expect(await drainLane(former, 5)).toEqual(['5:a', '5:c', '5:e']);
  former.erase(5, 1, 3);
  expect([former.entries, former.bytes, await former.oldest()]).toEqual([2, 6, 2]);
  await Promise.all([former.close(), spool.close()]);

  expect(await readFormer('0')).toEqual(['6:b', '6:d']);
  const again = await claimSpool(root, options);
  expect([again.former?.entries, again.spool.entries]).toEqual([2, 1]);
  await Promise.all([again.former?.close(), again.spool.close()]);
});

it('leaves what it does not understand where it is, and logs it once', async () => {
  await writeFormer('0', { 1: '5:a', 2: 'from the future' });
  const { spool, former } = await claimSpool(root, options);
  if (former === undefined) throw new Error('no former spool');
  expect(former.entries).toBe(1);
  expect(lines).toEqual(['spooled events that this version does not understand stay in their folder']);
  expect(await drainLane(former, 5)).toEqual(['5:a']);
  await former.close();
  expect(await readFormer('0')).toEqual(['from the future']);

  for (let scan = 0; scan < 2; scan += 1) expect(await claimOrphans(root, spool, options)).toEqual([]);
  expect(lines).toHaveLength(1);
  await spool.close();
});

it('gives out what is damaged, for the quarantine, also if a folder holds nothing else', async () => {
  await writeFormer('0', { 1: '5:a' });
  for (const name of ['0', '1']) {
    const database = await openDatabase(path.join(root, name));
    await database?.put(formerKeyOf(3, 5), Buffer.from('0000torn'));
    await database?.close();
  }
  const { spool, former } = await claimSpool(root, options);
  const sources = [former, ...(await claimOrphans(root, spool, options))];
  expect(sources).toHaveLength(2);
  for (const source of sources) {
    const damaged = await source?.read(0, 0, ALL);
    expect(damaged).toEqual([{ sequence: 3, bytes: 5, content: Buffer.from('torn'), isDamaged: true }]);
    source?.erase(0, 3, 5);
    await source?.close();
  }
  expect(await readFormer('0')).toEqual(['5:a']);
  expect(await readFormer('1')).toEqual([]);
  expect(lines).toEqual([]);
  await spool.close();
});

describe('a spool that the last release wrote', () => {
  /** Events 1 to 30 in a table and a log, of which 1, 2, 3 and 21 were sent; team a sent those that are divisible by 3. */
  const FIXTURE = path.join(__dirname, 'last-release.fixture');
  const LANES: Readonly<Record<string, number>> = { 'team-a': 4, 'team-b': 9, 'team-c': 31 };

  /** A record of the last release: version 1, the length of the head, the head as JSON, the body. */
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

  it('is drained lane by lane in order, and the last release finds what is left, exactly', async () => {
    await cp(FIXTURE, path.join(root, '0'), { recursive: true });
    const { spool, former } = await claimSpool(root, real);
    if (former === undefined) throw new Error('no former spool');
    expect([former.entries, former.entriesOf(4), former.entriesOf(9), former.entriesOf(31)]).toEqual([26, 8, 9, 9]);
    const read = async (lane: number): Promise<number[]> =>
      (await former.read(lane, 0, ALL)).map(({ content }) => numberOf(content));
    expect([await read(4), await read(9), await read(31)]).toEqual([ofTeam(0), ofTeam(1), ofTeam(2)]);

    for (const { sequence, bytes } of await former.read(9, 0, ALL)) former.erase(9, sequence, bytes);
    const [first] = await former.read(4, 0, ALL);
    if (first !== undefined) former.erase(4, first.sequence, first.bytes);
    await spool.append(4, (await former.oldest()) ?? 0, Buffer.from('of this version'));
    await Promise.all([former.close(), spool.close()]);

    const left: number[] = [];
    const database = await openDatabase(path.join(root, '0'));
    for await (const [key, value] of database?.iterator() ?? []) {
      const name = readFormerKey(key);
      const content = name === undefined ? undefined : unseal(value, name.bytes);
      if (content !== undefined) left.push(numberOf(content));
    }
    await database?.close();
    expect(left).toEqual(EXPECTED.filter((n) => n % 3 !== 1 && n !== ofTeam(0)[0]));
  });
});
