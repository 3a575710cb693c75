import { SYSTEM_CLOCK } from '@pdaltagent/clock';
import { Journal, JournalReader } from '@pdaltagent/journal';
import { JOURNAL } from '@pdaltagent/messaging';
import { connectToBroker, recordingLogger, testServers, waitUntil } from '@pdaltagent/testing';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { accepted, delivered, event, idOf } from './facts.fixture';
import { History } from './history';
import { buildHistoryWorker } from './history.fixture';

/** The reader leaves out what is old. */
const BEGAN = Date.now();
const DAY_MS = 86_400_000;
const FOR_EVER = 2 ** 42;
const log = recordingLogger([]);

let script: string;
let url: string;
let folder: string;
let journal: Journal;
let history: History;

beforeAll(() => (script = buildHistoryWorker()));
afterAll(() => rmSync(path.dirname(script), { recursive: true }));
beforeEach(async () => {
  ({ amqpUrl: url } = await testServers());
  folder = mkdtempSync(path.join(tmpdir(), 'history-'));
  journal = startJournal();
  history = open(false);
});
afterEach(async () => {
  await history.stop();
  await journal.stop();
  rmSync(folder, { recursive: true });
});

function startJournal(): Journal {
  const limits = { maximumAgeSeconds: 3_600, maximumBytes: 100_000_000 };
  const started = new Journal({ url, service: 'delivery-worker', version: '1.2.3', text: 'full', limits, log });
  started.start();
  return started;
}

function open(follow: boolean): History {
  const stream = new JournalReader({ url, name: 'a test', maximumAgeMs: DAY_MS });
  const limits = { maximumAgeMs: FOR_EVER, maximumBytes: FOR_EVER };
  return new History({ folder, stream, log, clock: SYSTEM_CLOCK, limits, follow, script });
}

/** Resolves once they are in the stream. */
async function record(...numbers: readonly number[]): Promise<void> {
  for (const number of numbers) {
    const recent = event(number, { accepted: BEGAN + number });
    journal.record(accepted(recent));
    journal.record(delivered(recent));
  }
  expect(await journal.flush(60_000)).toBe(true);
}

/** Opens the index, reads what is in the stream, and closes it. */
async function read() {
  history = open(false);
  history.start();
  await history.caughtUp();
  const { items } = await history.search({ text: 'disk', state: 'delivered', limit: 1_000 });
  const { holes, batches } = await history.missing();
  await history.stop();
  return { numbers: items.map(({ id }) => Number(id.slice(-6))), holes, batches };
}

async function waitForEvents(count: number): Promise<void> {
  await waitUntil(
    async () => {
      const { items } = await history.search({ text: 'full', state: 'delivered', limit: 1_000 });
      return items.length === count;
    },
    { what: `${count} delivered events in the index` },
  );
}

it('finds what services record, and goes on where it stopped', async () => {
  await record(1, 2);
  expect(await read()).toEqual({ numbers: [2, 1], holes: [], batches: [] });
  await record(3);
  expect(await read()).toEqual({ numbers: [3, 2, 1], holes: [], batches: [] });
});

it('notices that the stream was deleted, and keeps what it had', async () => {
  await record(1);
  await record(2);
  await read();
  await journal.stop();
  const connection = await connectToBroker(url);
  const channel = await connection.createChannel();
  await channel.deleteQueue(JOURNAL);
  await connection.close();
  journal = startJournal();
  await record(3);
  expect(await read()).toMatchObject({ numbers: [3, 2, 1], holes: [{ reason: 'recreated' }] });
});

it('follows the stream, and is complete again after it was deleted under load', async () => {
  history = open(true);
  history.start();
  await record(1);
  await waitForEvents(1);
  let count = 1;
  for (const wanted of [200, 400]) {
    const recording = (async () => {
      while (count < wanted) await record((count += 1));
    })();
    await history.stop();
    rmSync(folder, { recursive: true });
    history = open(true);
    history.start();
    await recording;
    await waitForEvents(wanted);
  }
  expect((await history.message(idOf(400)))?.facts.map(({ fact }) => fact.kind)).toEqual(['accepted', 'delivered']);
  expect(await history.missing()).toEqual({ holes: [], batches: [] });
});
