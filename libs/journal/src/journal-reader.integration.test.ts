import { SYSTEM_CLOCK } from '@pdaltagent/clock';
import { JOURNAL } from '@pdaltagent/messaging';
import { connectToBroker, FaultProxy, testServers, waitUntil } from '@pdaltagent/testing';
import { type Options } from 'amqplib';
import { bodyOf, propertiesOf } from './batch-message';
import { declareStream } from './declare-stream';
import { type FactBatch, type ReadProgress } from './fact-batch';
import { lineOf } from './fact-line';
import { batchesOf, numbered, numbersIn, readerOf, TestJournal, upTo } from './journal.fixture';
import { JournalUnavailable } from './journal-unavailable';

const SOURCE = { service: 'delivery-worker', host: 'worker-1', instance: 'an instance' };
const MINUTE_MS = 60_000;

let url: string;
let journal: TestJournal | undefined;

beforeEach(async () => {
  ({ amqpUrl: url } = await testServers());
});
afterEach(async () => {
  await journal?.journal.stop();
  journal = undefined;
});

async function declare(): Promise<void> {
  const connection = await connectToBroker(url);
  await declareStream(connection, {
    limits: { maximumAgeSeconds: 3_600, maximumBytes: 100_000_000 },
    mode: 'declare',
    isUnbound: false,
    clock: SYSTEM_CLOCK,
  });
  await connection.close();
}

/** A stream with a batch for each number. */
async function publish(numbers: readonly number[], at = Date.now()): Promise<void> {
  await publishMessages(
    numbers.map((number) => [
      bodyOf(`${lineOf(numbered(number), at, 'full')}\n`),
      propertiesOf(SOURCE, { sequence: number, facts: 1 }),
    ]),
  );
}

async function publishMessages(messages: readonly (readonly [Buffer, Options.Publish])[]): Promise<void> {
  await declare();
  const connection = await connectToBroker(url);
  const channel = await connection.createConfirmChannel();
  for (const [body, properties] of messages) channel.publish(JOURNAL, '', body, properties);
  await channel.waitForConfirms();
  await connection.close();
}

/** Reads on until the test has what it waits for. */
function following(read: AsyncIterable<FactBatch>) {
  const batches: FactBatch[] = [];
  const end = (async () => {
    for await (const batch of read) batches.push(batch);
  })();
  return {
    batches,
    end,
    has: (numbers: readonly number[]) =>
      waitUntil(() => JSON.stringify(numbersIn(batches)) === JSON.stringify(numbers), {
        what: `the facts ${numbers.join()}`,
      }),
  };
}

describe('a reading that does not follow', () => {
  it('ends at once if the stream is empty', async () => {
    await declare();
    expect(await batchesOf(readerOf(url))).toEqual([]);
  });

  it('has everything that was confirmed before, each time', async () => {
    for (let count = 1; count <= 10; count += 1) {
      await publish([count - 1]);
      expect(numbersIn(await batchesOf(readerOf(url)))).toEqual(upTo(count));
    }
  });

  it('ends with the last batch that was there, although more are published', async () => {
    journal = new TestJournal(url);
    const { journal: writer } = journal;
    await waitUntil(() => writer.flush(1_000), { what: 'the first fact' });
    let count = 0;
    const cancel = setInterval(() => journal?.record((count += 1)), 1);
    await waitUntil(() => count > 1_000, { what: 'facts' });
    const batches = await batchesOf(readerOf(url));
    clearInterval(cancel);
    expect(numbersIn(batches).length).toBeGreaterThan(0);
  });

  it('reads many batches, and tells how far it is', async () => {
    await publish(upTo(3_000));
    const progress: ReadProgress[] = [];
    const batches = await batchesOf(readerOf(url), { onProgress: (each) => progress.push(each) });
    expect(numbersIn(batches)).toEqual(upTo(3_000));
    expect(progress.at(-1)).toEqual({ offset: 2_999, first: 0, last: 2_999 });
  });

  it('begins at an offset, which the last batch has told', async () => {
    await publish(upTo(10));
    const [, , third] = await batchesOf(readerOf(url));
    const from = { offset: (third?.offset ?? 0) + 1 };
    expect(numbersIn(await batchesOf(readerOf(url), { from }))).toEqual([3, 4, 5, 6, 7, 8, 9]);
    expect(await batchesOf(readerOf(url), { from: { offset: 10 } })).toEqual([]);
    expect(await batchesOf(readerOf(url), { from: 'next' })).toEqual([]);
  });

  it('begins at a time: with nothing if there is nothing since, with everything if it is long ago', async () => {
    await publish(upTo(3));
    expect(await batchesOf(readerOf(url), { from: { at: Date.now() + MINUTE_MS } })).toEqual([]);
    expect(numbersIn(await batchesOf(readerOf(url), { from: { at: Date.now() - MINUTE_MS } }))).toEqual([0, 1, 2]);
  });

  it('begins with the oldest batch of a stream that was deleted and is shorter now', async () => {
    await publish([0, 1]);
    expect(numbersIn(await batchesOf(readerOf(url), { from: { offset: 700 } }))).toEqual([0, 1]);
  });
});

describe('a reading that follows', () => {
  it('goes on after a lost connection, without a hole and without repeating anything', async () => {
    await publish([0, 1]);
    const proxy = await FaultProxy.start(url);
    const stop = new AbortController();
    const read = readerOf(proxy.url(url)).read({ from: 'first', follow: true, signal: stop.signal });
    const { has, end } = following(read);
    await has([0, 1]);
    proxy.reset();
    await publish([2]);
    await has([0, 1, 2]);
    await proxy.inject({ kind: 'down' });
    await publish([3, 4]);
    await proxy.heal();
    await has([0, 1, 2, 3, 4]);
    stop.abort();
    await end;
    await proxy.stop();
  });

  it('has everything from its beginning on, and nothing before, if that is what it asks for', async () => {
    await publish([0, 1]);
    const stop = new AbortController();
    const { batches, end } = following(readerOf(url).read({ from: 'next', follow: true, signal: stop.signal }));
    let last = 1;
    const publishUntil = (what: string, isOver: () => boolean) =>
      waitUntil(
        async () => {
          await publish([(last += 1)]);
          return isOver();
        },
        { what },
      );
    await publishUntil('the first batch', () => batches.length > 0);
    await publishUntil('one more', () => batches.length > 1);
    await waitUntil(() => numbersIn(batches).at(-1) === last, { what: 'the last batch' });
    const [first = 0] = numbersIn(batches);
    expect(first).toBeGreaterThan(1);
    expect(numbersIn(batches)).toEqual(upTo(last + 1).slice(first));
    stop.abort();
    await end;
  });

  it('is one of several', async () => {
    await publish([0]);
    const stop = new AbortController();
    const options = { from: 'first', follow: true, signal: stop.signal } as const;
    const readings = [readerOf(url), readerOf(url)].map((reader) => following(reader.read(options)));
    await publish([1]);
    await Promise.all(readings.map(({ has }) => has([0, 1])));
    stop.abort();
    await Promise.all(readings.map(({ end }) => end));
  });
});

describe('what a reading leaves out', () => {
  it('a batch that arrived twice', async () => {
    await publish([0, 1]);
    await publish([1, 2]);
    expect(numbersIn(await batchesOf(readerOf(url)))).toEqual([0, 1, 2]);
  });

  it('facts past their age, which the stream still has', async () => {
    const now = Date.now();
    await publish([0], now - 2 * MINUTE_MS);
    const line = (number: number, at: number) => `${lineOf(numbered(number), at, 'full')}\n`;
    const body = bodyOf(line(1, now - 2 * MINUTE_MS) + line(2, now));
    await publishMessages([[body, propertiesOf(SOURCE, { sequence: 1, facts: 2 })]]);
    expect(numbersIn(await batchesOf(readerOf(url, { maximumAgeMs: MINUTE_MS })))).toEqual([2]);
    expect(numbersIn(await batchesOf(readerOf(url)))).toEqual([0, 1, 2]);
  });

  it('messages and lines that cannot be read, which it counts', async () => {
    await publish([0]);
    await publishMessages([
      [Buffer.from('no batch'), {}],
      [
        bodyOf(`no JSON\n${lineOf(numbered(1), Date.now(), 'full')}\n`),
        propertiesOf(SOURCE, { sequence: 1, facts: 2 }),
      ],
    ]);
    const reader = readerOf(url);
    expect(numbersIn(await batchesOf(reader))).toEqual([0, 1]);
    expect(reader.unreadable).toBe(2);
  });
});

describe('a journal that cannot be read says why', () => {
  const problemOf = async (from: string): Promise<JournalUnavailable> => {
    const problem: unknown = await batchesOf(readerOf(from)).catch((error: unknown) => error);
    if (!(problem instanceof JournalUnavailable)) throw new Error(`not expected: ${String(problem)}`);
    return problem;
  };

  it('there is no stream yet', async () => {
    const { reason, message } = await problemOf(url);
    expect(reason).toBe('missing');
    expect(message).toMatch(/^RabbitMQ has no stream 'pdaltagent\.journal' yet: services declare it/);
  });

  it('RabbitMQ is unreachable, without the password', async () => {
    const { reason, message } = await problemOf(url.replace(/@.*?\//, '@127.0.0.1:1/'));
    expect(reason).toBe('unreachable');
    expect(message).toContain('ECONNREFUSED');
    expect(message).not.toContain(new URL(url).password);
  });
});
