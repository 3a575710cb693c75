import { type RecordedLine, ManualClock, recordingLogger, waitUntil } from '@pdaltagent/testing';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { accepted, Batches, delivered, event, GATEWAY, idOf, WORKER } from './facts.fixture';
import { History, type HistoryOptions } from './history';
import { buildHistoryWorker, FakeStream } from './history.fixture';

const RETRIED = { what: 'another try' };
const LIMITS = { maximumAgeMs: 2 ** 40, maximumBytes: 2 ** 40 };

let script: string;
beforeAll(() => (script = buildHistoryWorker()));
afterAll(() => rmSync(path.dirname(script), { recursive: true }));

let folder: string;
let lines: RecordedLine[];
let clock: ManualClock;
let opened: History[];
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'history-'));
  lines = [];
  clock = new ManualClock();
  opened = [];
});
afterEach(async () => {
  await Promise.all(opened.map((history) => history.stop()));
  rmSync(folder, { recursive: true });
});

function open(stream: FakeStream, options: Partial<HistoryOptions> = {}): History {
  const log = recordingLogger(lines);
  const history = new History({ folder, stream, log, clock, limits: LIMITS, follow: false, script, ...options });
  opened.push(history);
  history.start();
  return history;
}

/** Reads what the stream has, and closes the index again. */
async function read(stream: FakeStream) {
  const history = open(stream);
  await history.caughtUp();
  const ids = (await history.search({})).items.map(({ id }) => Number(id.slice(-3)));
  const missing = await history.missing();
  const { startsAt } = history;
  await history.stop();
  return { ids, holes: missing.holes, startsAt };
}

function batchesOf(...numbers: number[]): Batches {
  const batches = new Batches();
  for (const number of numbers) batches.add(GATEWAY, accepted(event(number)));
  return batches;
}

it('answers every question about what was in the stream', async () => {
  const batches = batchesOf(1, 2);
  batches.add(WORKER, delivered(event(1)), { kind: 'stopped', at: event(3).accepted, version: '0.1.0' });
  const history = open(new FakeStream(batches.all));
  await history.caughtUp();
  expect(history.progress).toMatchObject({ offset: 2, stream: { first: 0, last: 2 }, isCaughtUp: true });
  expect(history.startsAt).toBe(event(1).accepted);
  expect((await history.search({ text: 'disk', state: 'delivered' })).items).toMatchObject([{ id: idOf(1) }]);
  expect((await history.message(idOf(1)))?.facts.map(({ fact }) => fact.kind)).toEqual(['accepted', 'delivered']);
  expect(await history.message(idOf(9))).toBeUndefined();
  const window = { since: event(0).accepted, until: event(60).accepted };
  expect((await history.accounts(window)).events).toMatchObject({ delivered: 1, waiting: 1 });
  expect(await history.counts({ ...window, step: 60_000 })).toMatchObject([{ accepted: 2, delivered: 1 }]);
  expect((await history.activity({})).items).toMatchObject([{ kind: 'stopped', by: WORKER }]);
  expect(await history.missing()).toEqual({ holes: [], batches: [] });
});

it('goes on where it stopped, without anything twice', async () => {
  const batches = batchesOf(1, 2);
  expect((await read(new FakeStream(batches.all))).ids).toEqual([2, 1]);
  batches.add(GATEWAY, accepted(event(3)));
  // The stream has dropped its beginning; the index still has it.
  const result = await read(new FakeStream(batches.all.slice(1)));
  expect(result).toEqual({ ids: [3, 2, 1], holes: [], startsAt: event(1).accepted });
});

it('marks a hole where the stream has dropped what was not read yet', async () => {
  const batches = batchesOf(1, 2, 3, 4);
  await read(new FakeStream(batches.all.slice(0, 1)));
  const { ids, holes } = await read(new FakeStream(batches.all.slice(3)));
  expect(ids).toEqual([4, 1]);
  expect(holes).toEqual([{ reason: 'dropped', since: event(1).accepted, until: event(4).accepted }]);
  expect(lines).toContainEqual(expect.objectContaining({ level: 'warn' }));
});

it.each([
  ['is much shorter', [6]],
  ['is a bit shorter', [6, 7]],
  ['is as long', [6, 7, 8]],
  ['is longer', [6, 7, 8, 9]],
])('keeps what it has and marks a hole if the stream was made again and %s', async (_, numbers) => {
  await read(new FakeStream(batchesOf(1, 2, 3).all));
  const again = new Batches();
  for (const number of numbers) again.add(WORKER, accepted(event(number)));
  const { ids, holes } = await read(new FakeStream(again.all));
  expect(ids).toEqual([...numbers.toReversed(), 3, 2, 1]);
  expect(holes).toEqual([{ reason: 'recreated', since: event(3).accepted, until: event(6).accepted }]);
  expect((await read(new FakeStream(again.all))).holes).toHaveLength(1);
});

it('is made again, complete, after its folder was deleted', async () => {
  const stream = new FakeStream(batchesOf(1, 2, 3).all);
  const before = await read(stream);
  rmSync(folder, { recursive: true });
  expect(await read(stream)).toEqual(before);
});

it('puts a damaged file aside and is made again', async () => {
  const stream = new FakeStream(batchesOf(1, 2).all);
  writeFileSync(path.join(folder, 'journal.db'), 'this is no database'.repeat(1_000));
  expect((await read(stream)).ids).toEqual([2, 1]);
  expect(lines).toContainEqual(expect.objectContaining({ message: expect.stringContaining('damaged') as string }));
});

it('follows the stream as soon as it can be read', async () => {
  const stream = new FakeStream(batchesOf(1).all);
  stream.failures = 1;
  const history = open(stream, { follow: true });
  await waitUntil(() => history.progress.problem !== undefined, { what: 'a problem' });
  expect(history.progress).toMatchObject({ problem: 'the broker is unreachable', isCaughtUp: false });
  expect((await history.search({})).items).toEqual([]);
  await waitUntil(() => {
    clock.advance(1_000);
    return history.progress.isCaughtUp;
  }, RETRIED);
  expect(history.progress.problem).toBeUndefined();
  expect((await history.search({})).items).toHaveLength(1);
});

it('says why it cannot read the stream, if it is not to follow it', async () => {
  const stream = new FakeStream([]);
  stream.failures = 1;
  await expect(open(stream).caughtUp()).rejects.toThrow('the broker is unreachable');
});

it('is written by one process at a time; another one reads, and takes over', async () => {
  const batches = batchesOf(1);
  const writer = open(new FakeStream(batches.all), { follow: true });
  await writer.caughtUp();
  batches.add(GATEWAY, accepted(event(2)));
  const reader = open(new FakeStream(batches.all), { follow: true });
  await reader.caughtUp();
  expect((await reader.search({})).items).toHaveLength(1);
  await writer.stop();
  await waitUntil(async () => {
    clock.advance(1_000);
    return (await reader.search({})).items.length === 2;
  }, RETRIED);
});

it('rejects questions after it was stopped', async () => {
  const history = open(new FakeStream([]));
  await history.caughtUp();
  await history.stop();
  await expect(history.search({})).rejects.toThrow('not open');
});
