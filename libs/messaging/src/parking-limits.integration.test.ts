import { type Outcome } from '@pdaltagent/delivery';
import { connectToBroker, testServers, waitUntil } from '@pdaltagent/testing';
import { DELIVERED, event, publish, sequences, TestWorker, THROTTLED, LANES } from './lane-worker.fixture';
import { declareTopology } from './declare-topology';
import { EVENTS, laneOf } from './topology';

/** The most parked keys of a lane. */
const MAX_KEYS = 256;
const keysOfLane = (lane: number): readonly string[] =>
  Array.from({ length: 20_000 }, (_, index) => `L${String(index).padStart(31, '0')}`).filter(
    (key) => laneOf(EVENTS, key) === lane,
  );

let url: string;

beforeAll(async () => {
  url = (await testServers()).amqpUrl;
  const connection = await connectToBroker(url);
  await declareTopology(connection, EVENTS, 'quorum');
  await connection.close();
});

/** A worker whose destination throttles some keys. */
class ThrottlingWorker {
  readonly throttled: Set<string>;
  /** The siding of each key that was parked. */
  readonly sidingOf = new Map<unknown, unknown>();
  readonly test: TestWorker;

  constructor(throttled: readonly string[]) {
    this.throttled = new Set(throttled);
    const respond = (key: string): Outcome => (this.throttled.has(key) ? THROTTLED : DELIVERED);
    const ignored = (): void => undefined;
    const warn = (_message: string, fields?: Readonly<Record<string, unknown>>): void => {
      if (fields?.siding !== undefined) this.sidingOf.set(fields.key, fields.siding);
    };
    this.test = new TestWorker(url, ({ routingKey }) => respond(routingKey), {
      log: { info: ignored, warn, error: ignored },
    });
  }

  deliveredOf(key: string): number {
    return this.test.delivered.filter(({ routingKey }) => routingKey === key).length;
  }

  async expectAllInOrder(count: number): Promise<void> {
    await waitUntil(() => this.test.delivered.length >= count, { what: `${count} events` });
    for (const order of sequences(this.test.delivered).values())
      expect(order).toEqual(Array.from({ length: order.length }, (_, index) => index));
    expect(this.test.delivered).toHaveLength(count);
  }
}

const eventsOf = (keys: readonly string[], from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => keys.map((key) => event('noisy', from + index, key))).flat();

describe('a lane with more keys that wait than can be parked', () => {
  it('is blocked for the others, which is reported, and loses nothing', async () => {
    const keys = keysOfLane(5).slice(0, MAX_KEYS + LANES.prefetch);
    await publish(url, eventsOf(keys, 0, 2));
    const worker = new ThrottlingWorker(keys);
    const { test } = worker;
    await waitUntil(() => test.worker.parkedKeys === MAX_KEYS && test.worker.lanesWithoutIsolation === 1, {
      what: 'the last key to be parked',
    });
    worker.throttled.clear();
    await worker.expectAllInOrder(2 * keys.length);
    await waitUntil(() => test.worker.parkedKeys === 0, { what: 'the keys to return' });
    await test.worker.stop();
  });
});

describe('a key whose siding also has another key', () => {
  it('is delayed by that one, and continues in order after it', async () => {
    // One more than there are sidings: at least two of them share one. The table of another lane may still list parked keys.
    const keys = keysOfLane(6).slice(0, EVENTS.sidings + 1);
    const each = 2 * LANES.prefetch;
    await publish(url, eventsOf(keys, 0, each));
    const worker = new ThrottlingWorker(keys);
    const { test } = worker;
    await waitUntil(() => test.worker.parkedKeys === keys.length, { what: 'all keys to be parked' });
    const besides = (key: string) =>
      keys.filter((other) => other !== key && worker.sidingOf.get(other) === worker.sidingOf.get(key));
    const noisy = keys.find((key) => besides(key).length > 0) ?? '';
    const stuck = [noisy, ...besides(noisy)];
    // All keys but one are accepted again.
    for (const key of keys) if (key !== noisy) worker.throttled.delete(key);
    const unfinished = () => keys.filter((key) => worker.deliveredOf(key) < each);
    await waitUntil(() => unfinished().length === stuck.length, { what: 'the keys of other sidings' });
    const attempts = () => test.attempted.filter(({ routingKey }) => routingKey === noisy).length;
    const before = attempts();
    // It may be tried once a second.
    await waitUntil(() => attempts() >= before + 2, { what: 'the throttled key to be tried twice more' });
    expect(new Set(unfinished())).toEqual(new Set(stuck));
    worker.throttled.clear();
    await worker.expectAllInOrder(keys.length * each);
    await test.worker.stop();
  });
});
