import { type Outcome } from '@pdaltagent/delivery';
import { connectToBroker, testServers, waitUntil } from '@pdaltagent/testing';
import { setTimeout as delay } from 'node:timers/promises';
import { LaneChannel } from './lane-channel';
import {
  channelOptions,
  claimOf,
  DELIVERED,
  event,
  KEY,
  Markers,
  publish,
  sequences,
  TestWorker,
  THROTTLED,
  LANES,
} from './lane-worker.fixture';
import { type LaneWorkerOptions } from './lane-worker-options';
import { type IncomingMessage } from './message';
import { declareTopology } from './declare-topology';
import { EVENTS, laneOf, laneQueue } from './topology';

let url: string;
/** The delivered markers in Redis. */
const markers = new Markers();
const ALERTS = 40;
const EACH = 25;

beforeAll(async () => {
  url = (await testServers()).amqpUrl;
  const connection = await connectToBroker(url);
  await declareTopology(connection, EVENTS, 'quorum');
  await connection.close();
});

/** Another key of the same lane. */
const neighbour = Array.from({ length: 10_000 }, (_, index) => `R${String(index).padStart(31, '0')}`).find(
  (key) => laneOf(EVENTS, key) === laneOf(EVENTS, KEY),
);
const backlog = (from = 0, to = EACH, prefix = 'alert') =>
  Array.from({ length: to - from }, (_, sequence) => sequence + from).flatMap((sequence) =>
    Array.from({ length: ALERTS }, (_, alert) => event(`${prefix}-${alert}`, sequence)),
  );

describe('a key that is throttled', () => {
  it('is parked with its backlog, lets other keys pass, and returns to its lane in order', async () => {
    let throttled = true;
    await publish(url, backlog());
    const test = new TestWorker(url, ({ routingKey }) => (throttled && routingKey === KEY ? THROTTLED : DELIVERED), {
      markers,
    });
    await waitUntil(() => test.logged('key parked'), { what: 'the key to be parked' });
    await publish(url, [event('alert', 0, neighbour)]);
    await waitUntil(() => test.delivered.length > 0, { what: 'the neighbour' });
    expect(test.delivered.map(({ routingKey }) => routingKey)).toEqual([neighbour]);
    throttled = false;
    await publish(url, backlog(EACH, EACH + 5));
    await waitUntil(() => test.logged('key returned to its lane'), {
      what: 'the key to come back',
      timeoutMs: 60_000,
    });
    await publish(url, backlog(EACH + 5, EACH + 6));
    const all = ALERTS * (EACH + 6) + 1;
    await waitUntil(() => test.delivered.length >= all, { what: 'everything to be delivered', timeoutMs: 60_000 });
    expect(test.delivered).toHaveLength(all);
    for (const [orderKey, order] of sequences(test.delivered)) {
      if (orderKey.startsWith(KEY)) expect(order).toEqual(Array.from({ length: EACH + 6 }, (_, index) => index));
    }
    expect(test.worker.parkedKeys).toBe(0);
    await test.worker.stop();
  });
});

/** A destination that does not answer for some keys, as if there were no timeout, until it recovers. */
class HangingDestination {
  readonly onTheWire = new Map<IncomingMessage, () => void>();
  /** Attempts for an order key whose previous attempt was still in flight. */
  overlaps = 0;
  interrupted = 0;
  #hasRecovered = false;
  readonly #hangs: (routingKey: string) => boolean;

  constructor(hangs: (routingKey: string) => boolean) {
    this.#hangs = hangs;
  }

  async respond(message: IncomingMessage, signal: AbortSignal): Promise<Outcome> {
    if ([...this.onTheWire.keys()].some(({ orderKey }) => orderKey === message.orderKey)) this.overlaps += 1;
    if (this.#hasRecovered || !this.#hangs(message.routingKey)) return DELIVERED;
    try {
      await new Promise<void>((resolve, reject) => {
        this.onTheWire.set(message, resolve);
        signal.addEventListener('abort', () => reject(new Error('interrupted')), { once: true });
      });
    } finally {
      this.onTheWire.delete(message);
    }
    return DELIVERED;
  }

  recover(): void {
    this.#hasRecovered = true;
    for (const respond of this.onTheWire.values()) respond();
  }

  start(options: Partial<LaneWorkerOptions> = {}): TestWorker {
    return new TestWorker(url, (message, signal) => this.respond(message, signal), {
      observer: {
        onAttempted: () => undefined,
        onInterrupted: () => (this.interrupted += 1),
        onDelivered: () => undefined,
        onDuplicateDropped: () => undefined,
        onDeadLettered: () => undefined,
      },
      markers,
      ...options,
    });
  }
}

/** Keys of the same lane. */
const noisy = Array.from({ length: 40_000 }, (_, index) => `N${String(index).padStart(31, '0')}`)
  .filter((key) => laneOf(EVENTS, key) === laneOf(EVENTS, KEY))
  .slice(0, 10);

describe('ten keys of a lane that have more to send than is accepted, one event at a time', () => {
  const EVENTS_EACH = 60;
  const REQUEST_MS = 200;
  const isNoisy = (key: string): boolean => noisy.includes(key);

  it('do not delay another one', async () => {
    const delays: number[] = [];
    const test = new TestWorker(url, async ({ routingKey, receivedAt }) => {
      if (isNoisy(routingKey)) await delay(REQUEST_MS);
      else delays.push(Date.now() - receivedAt);
      return DELIVERED;
    });
    await waitUntil(() => test.worker.lanes === EVENTS.lanes, { what: 'every lane' });
    const backlogOf = (sequence: number) => noisy.map((key) => event('noisy', sequence, key));
    await publish(url, Array.from({ length: EVENTS_EACH }, (_, sequence) => backlogOf(sequence)).flat());
    // The first of them comes while the lane is full.
    for (let sequence = 0; sequence < 15; sequence += 1) {
      await publish(url, [event('other', sequence, neighbour)]);
      await delay(REQUEST_MS);
    }
    await waitUntil(() => delays.length === 15, { what: 'the other key' });
    expect(test.delivered.length).toBeLessThan(noisy.length * EVENTS_EACH);
    await waitUntil(() => test.delivered.length === noisy.length * EVENTS_EACH + 15, { what: 'everything' });
    for (const order of sequences(test.delivered).values())
      expect(order).toEqual(Array.from({ length: order.length }, (_, index) => index));
    process.stdout.write(`delays of the other key: ${delays.join(', ')} ms\n`);
    await test.worker.stop();
  });
});

describe('a key that is parked', () => {
  const messages = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, index) => event('kept', from + index));

  it('is known to the next owner of its lane, which continues in order', async () => {
    await publish(url, messages(0, 200));
    const first = new TestWorker(url, () => THROTTLED, { markers });
    await waitUntil(() => first.logged('key parked'), { what: 'the key to be parked' });
    await first.worker.stop();
    await publish(url, messages(200, 210));
    const second = new TestWorker(url, () => DELIVERED, { markers });
    await waitUntil(() => second.delivered.length === 210, { what: 'everything' });
    expect(sequences(second.delivered).get(`${KEY}:kept`)).toEqual(Array.from({ length: 210 }, (_, index) => index));
    await waitUntil(() => second.worker.parkedKeys === 0, { what: 'the key to return' });
    await second.worker.stop();
  });
});

const INTERRUPTED_LINE = 'requests of a key hang';

describe('a key whose requests hang forever', () => {
  it('is parked anyway, lets other keys pass, and continues in order once it is answered', async () => {
    const hanging = new HangingDestination((routingKey) => routingKey === KEY);
    await publish(url, [...backlog(0, EACH, 'hanging'), event('hanging', 0, neighbour)]);
    const test = hanging.start();
    await waitUntil(() => test.delivered.length > 0, { what: 'the neighbour', timeoutMs: 60_000 });
    expect(test.delivered.map(({ routingKey }) => routingKey)).toEqual([neighbour]);
    hanging.recover();
    await waitUntil(() => test.delivered.length > ALERTS * EACH, { what: 'the backlog', timeoutMs: 60_000 });
    for (const [orderKey, order] of sequences(test.delivered)) {
      if (orderKey.startsWith(KEY)) expect(order).toEqual(Array.from({ length: EACH }, (_, index) => index));
    }
    expect(hanging).toMatchObject({ overlaps: 0, interrupted: 0 });
    await test.worker.stop();
  });
});

describe('keys whose requests hang forever in every slot', () => {
  const CONCURRENCY = 16;

  it('leave slots to the keys of other lanes', async () => {
    const keys = Array.from({ length: 8 }, (_, index) => `H${String(index).padStart(31, '0')}`);
    const hanging = new HangingDestination((routingKey) => keys.includes(routingKey));
    const alerts = keys.flatMap((key) => Array.from({ length: 10 }, (_, alert) => event(`alert-${alert}`, 0, key)));
    await publish(url, alerts);
    const test = hanging.start({ concurrency: CONCURRENCY });
    await waitUntil(() => hanging.onTheWire.size > CONCURRENCY, { what: 'every slot to be taken' });
    await publish(url, [event('slots', 0, neighbour)]);
    await waitUntil(() => test.delivered.length > 0, { what: 'the key of another lane', timeoutMs: 60_000 });
    expect(test.logged(INTERRUPTED_LINE)).toBe(true);
    hanging.recover();
    await waitUntil(() => test.delivered.length > alerts.length, { what: 'everything', timeoutMs: 60_000 });
    expect(hanging.overlaps).toBe(0);
    await test.worker.stop();
  });
});

describe('a lane that is closed while it opens', () => {
  it('leaves no consumer that would block the lane', async () => {
    const connection = await connectToBroker(url);
    const queue = laneQueue(EVENTS, 31);
    for (let round = 0; round < 5; round += 1) {
      const lane = new LaneChannel(channelOptions(claimOf(queue)), {
        onMessage: () => undefined,
        onUnreadable: () => undefined,
        onClosedByBroker: () => undefined,
        onLost: () => undefined,
        onSettled: () => undefined,
        onAcksLost: () => undefined,
      });
      const opening = lane
        .open(connection)
        .then(() => lane.consume(queue, { isUrgent: true, prefetch: () => LANES.prefetch }));
      await Promise.all([opening.catch(() => undefined), lane.close()]);
    }
    const channel = await connection.createChannel();
    await waitUntil(async () => (await channel.checkQueue(queue)).consumerCount === 0, { what: 'no consumer' });
    await connection.close();
  });
});
