import { type Clock, SYSTEM_CLOCK } from '@pdaltagent/clock';
import { JOURNAL } from '@pdaltagent/messaging';
import {
  connectToBroker,
  openRunFolder,
  type RabbitMQ,
  type RunFolder,
  startRabbitMQ,
  waitUntil,
} from '@pdaltagent/testing';
import { batchesOf, numbersIn, readerOf, TestJournal, upTo } from './journal.fixture';
import { Sequences } from './sequences';

/** Ten times as fast as the real one. */
const FAST: Clock = {
  ...SYSTEM_CLOCK,
  monotonic: () => SYSTEM_CLOCK.monotonic() * 10,
  after: (ms, callback) => SYSTEM_CLOCK.after(ms / 10, callback),
};

const PASSWORD = 'secret-password';

let folder: RunFolder;
let broker: RabbitMQ;
let journals: TestJournal[] = [];

beforeAll(async () => {
  folder = openRunFolder('journal');
  broker = await startRabbitMQ({ folder: folder.path });
});
beforeEach(async () => {
  const connection = await connectToBroker(broker.url);
  const channel = await connection.createChannel();
  await channel.deleteQueue(JOURNAL);
  await channel.deleteExchange(JOURNAL);
  await connection.close();
});
afterEach(async () => {
  await broker.setAlarm('memory', false);
  await Promise.all(journals.map(({ journal }) => journal.stop()));
  journals = [];
});
afterAll(async () => {
  await broker.stop();
  folder.remove();
});

function open(...[url, options]: ConstructorParameters<typeof TestJournal>): TestJournal {
  const journal = new TestJournal(url, options);
  journals.push(journal);
  return journal;
}

async function isWritten(test: TestJournal): Promise<void> {
  await waitUntil(() => test.journal.flush(1_000), { what: 'everything to be written' });
}

/** The URL of a user who may do this. */
async function userWith(name: string, configure: string, write: string, read: string): Promise<string> {
  await broker.control(['add_user', name, PASSWORD]).catch(() => undefined);
  await broker.control(['set_permissions', name, configure, write, read]);
  return broker.url.replace(/\/\/.*@/, `//${name}:${PASSWORD}@`);
}

it('has every fact in order, also those of a process that has stopped', async () => {
  const test = open(broker.url);
  test.record(...upTo(5_000));
  await test.journal.stop();
  const batches = await batchesOf(readerOf(broker.url));
  expect(numbersIn(batches)).toEqual(upTo(5_000));
  expect(batches[0]?.facts[0]).toMatchObject({ kind: 'started' });
  expect(batches.at(-1)?.facts.at(-1)).toMatchObject({ kind: 'stopped' });
  expect(test.counts).toEqual({ written: 5_002, dropped: 0 });
});

it('loses nothing while the broker restarts, and repeats nothing for who reads it', async () => {
  const test = open(broker.url);
  test.record(...upTo(100));
  await isWritten(test);
  const restarted = broker.restart();
  let next = 100;
  let isOver = false;
  void restarted.then(() => (isOver = true));
  await waitUntil(
    () => {
      test.record(next);
      next += 1;
      return isOver;
    },
    { what: 'the restart', timeoutMs: 120_000 },
  );
  await isWritten(test);
  const batches = await batchesOf(readerOf(broker.url));
  expect(numbersIn(batches)).toEqual(upTo(next));
  const sequences = new Sequences();
  expect(batches.every((batch) => sequences.add(batch))).toBe(true);
  expect(sequences.holes()).toEqual([]);
});

it('waits while the broker is short of memory', async () => {
  const test = open(broker.url);
  await isWritten(test);
  await broker.setAlarm('memory', true);
  test.record(...upTo(1_200));
  expect(await test.journal.flush(1_000)).toBe(false);
  await broker.setAlarm('memory', false);
  await isWritten(test);
  expect(numbersIn(await batchesOf(readerOf(broker.url)))).toEqual(upTo(1_200));
  expect(test.warnings()).toEqual([]);
});

it('uses a stream that has other limits as it is, and keeps its connection', async () => {
  const first = open(broker.url);
  await isWritten(first);
  const second = open(broker.url, { limits: { maximumAgeSeconds: 7_200, maximumBytes: 60_000_000 } });
  second.record(1);
  await isWritten(second);
  expect(numbersIn(await batchesOf(readerOf(broker.url)))).toEqual([1]);
  expect(second.warnings()).toEqual([]);
});

it('is declared by two processes with different limits at the same time', async () => {
  const tests = upTo(4).map((index) =>
    open(broker.url, { limits: { maximumAgeSeconds: 3_600 + index, maximumBytes: 60_000_000 } }),
  );
  await Promise.all(tests.map(isWritten));
  expect(tests.flatMap((test) => test.warnings())).toEqual([]);
});

it('warns once if the user may not declare it, and is written once it is there', async () => {
  const url = await userWith('writer', '^$', `^${JOURNAL}$`, '^$');
  const test = open(url, { clock: FAST });
  test.record(1);
  await waitUntil(() => test.warnings().length > 0, { what: 'the warning' });
  expect(test.warnings().join()).toMatch(
    /user 'writer' of RabbitMQ may not configure the (exchange|queue) 'pdaltagent/,
  );
  expect(JSON.stringify(test.log)).not.toContain(PASSWORD);
  await isWritten(open(broker.url));
  await waitUntil(() => test.journal.flush(1_000), { what: 'the next attempt' });
  expect(numbersIn(await batchesOf(readerOf(broker.url)))).toEqual([1]);
  expect(test.warnings()).toHaveLength(1);
});

it('is written by a user who may only publish to a stream that there is', async () => {
  await isWritten(open(broker.url));
  const test = open(await userWith('publisher', '^$', `^${JOURNAL}$`, '^$'));
  test.record(1);
  await isWritten(test);
  expect(test.warnings()).toEqual([]);
});

it('says who may not publish, and does not connect again and again', async () => {
  await isWritten(open(broker.url));
  const test = open(await userWith('nobody', '^$', '^$', '^$'));
  test.record(1);
  await waitUntil(() => test.warnings().length > 0, { what: 'the warning' });
  expect(test.warnings()).toEqual([expect.stringContaining(`may not write the exchange '${JOURNAL}'`)]);
  expect(await test.journal.flush(3_000)).toBe(false);
  expect(test.log.filter(({ message }) => message === 'broker connected')).toHaveLength(1);
});

it('cannot be read by who may only write it, which is said', async () => {
  await isWritten(open(broker.url));
  const url = await userWith('blind', '^$', `^${JOURNAL}$`, '^$');
  await expect(batchesOf(readerOf(url))).rejects.toThrow(
    `user 'blind' of RabbitMQ may not read the queue '${JOURNAL}' in the virtual host '/'`,
  );
});

it('is written again after the stream was deleted', async () => {
  const test = open(broker.url);
  await isWritten(test);
  const connection = await connectToBroker(broker.url);
  await (await connection.createChannel()).deleteQueue(JOURNAL);
  await connection.close();
  test.record(1);
  await isWritten(test);
  expect(numbersIn(await batchesOf(readerOf(broker.url)))).toEqual([1]);
});
