import {
  connectToBroker,
  openRunFolder,
  type RabbitMQ,
  type RunFolder,
  startRabbitMQ,
  waitUntil,
} from '@pdaltagent/testing';
import {
  Claims,
  DELIVERED,
  event,
  publish,
  sequences,
  START_MS,
  TestWorker,
  THROTTLED,
  UNAVAILABLE,
  LANES,
} from './lane-worker.fixture';
import { declareTopology } from './declare-topology';
import { EVENTS, laneOf, laneQueue, sidingQueue } from './topology';

const BODY_BYTES = 500_000;
const EACH = 20;

let folder: RunFolder;
let broker: RabbitMQ;

beforeAll(async () => {
  folder = openRunFolder('memory');
  // Its own broker: nothing else may be in its lanes.
  broker = await startRabbitMQ({ folder: folder.path });
  const connection = await connectToBroker(broker.url);
  await declareTopology(connection, EVENTS, 'quorum');
  await connection.close();
});
afterAll(async () => {
  await broker.stop();
  folder.remove();
});

/** Keys of one lane. */
const keysOf = (lane: number, count: number): readonly string[] =>
  Array.from({ length: 20_000 }, (_, index) => `R${String(index).padStart(31, '0')}`)
    .filter((key) => laneOf(EVENTS, key) === lane)
    .slice(0, count);

const eventsOf = (key: string, count: number, bytes: number) =>
  Array.from({ length: count }, (_, sequence) => ({
    ...event('alert', sequence, key),
    body: Buffer.alloc(bytes, 'x'),
  }));

it('everything is delivered in order, one lane after another, if not even one event fits into the budget', async () => {
  const keys = [1, 2, 3].flatMap((lane) => keysOf(lane, 1));
  for (const key of keys) await publish(broker.url, eventsOf(key, EACH, BODY_BYTES));
  const test = new TestWorker(broker.url, () => DELIVERED, { memoryBytes: BODY_BYTES / 2 });
  await waitUntil(() => test.delivered.length >= keys.length * EACH, { what: 'every event', timeoutMs: 90_000 });
  for (const order of sequences(test.delivered).values())
    expect(order).toEqual(Array.from({ length: EACH }, (_, index) => index));
  await test.worker.stop();
});

/** Each lane as often as it was taken. */
class CountedClaims extends Claims {
  readonly lanes: string[] = [];

  override claim(lane: string, claim: string): Promise<string | undefined> {
    this.lanes.push(lane);
    return super.claim(lane, claim);
  }
}

it('a lane whose window alone exceeds the budget is delivered at once, and not taken again after each event', async () => {
  const [key = ''] = keysOf(7, 1);
  await publish(broker.url, eventsOf(key, 100, 50_000));
  const claims = new CountedClaims();
  const test = new TestWorker(broker.url, () => DELIVERED, { memoryBytes: 1_000_000, claims });
  await waitUntil(() => test.delivered.length >= 100, { what: 'every event', timeoutMs: 90_000 });
  expect(sequences(test.delivered).get(`${key}:alert`)).toEqual(Array.from({ length: 100 }, (_, index) => index));
  await waitUntil(() => test.worker.heldBytes === 0, { what: 'nothing to be held' });
  expect(claims.lanes.filter((lane) => lane === laneQueue(EVENTS, 7))).toHaveLength(1);
  await test.worker.stop();
});

it('events that are being delivered count while their copies wait in a siding', async () => {
  // One more than there are sidings: the last one is parked where another one fills the window.
  const [neighbour = '', ...keys] = keysOf(4, EVENTS.sidings + 2);
  const bytes = 10_000;
  let isThrottled = true;
  const respond = (key: string) => (isThrottled && key !== neighbour ? THROTTLED : DELIVERED);
  const test = new TestWorker(broker.url, ({ routingKey }) => respond(routingKey));
  for (const [index, key] of keys.entries()) {
    await publish(broker.url, eventsOf(key, 2 * LANES.prefetch + 2, bytes));
    await waitUntil(() => test.worker.parkedKeys === index + 1, { what: 'the key to be parked', timeoutMs: 60_000 });
  }
  const { dispatcher } = test.worker;
  await publish(broker.url, eventsOf(neighbour, 1, bytes));
  await waitUntil(() => test.delivered.length === 1, { what: 'the lane to be free' });
  // The window of each siding, and the events with which the last key filled that of the lane.
  expect(dispatcher.held).toBeGreaterThanOrEqual(keys.length * LANES.prefetch);
  expect(test.worker.heldBytes).toBeGreaterThanOrEqual(dispatcher.held * bytes);
  isThrottled = false;
  const all = keys.length * (2 * LANES.prefetch + 2) + 1;
  await waitUntil(() => test.delivered.length >= all, { what: 'every event', timeoutMs: 90_000 });
  await waitUntil(() => test.worker.heldBytes === 0, { what: 'nothing to be held' });
  await test.worker.stop();
});

/** Whether the worker has subscribed to every lane and siding. */
async function isEveryQueueOpen(): Promise<boolean> {
  const connection = await connectToBroker(broker.url);
  const channel = await connection.createChannel();
  const lanes = Array.from({ length: EVENTS.lanes }, (_, lane) => lane);
  const queues = lanes.flatMap((lane) => [
    laneQueue(EVENTS, lane),
    ...Array.from({ length: EVENTS.sidings }, (_, siding) => sidingQueue(EVENTS, lane, siding)),
  ]);
  const counts = await Promise.all(queues.map(async (queue) => (await channel.checkQueue(queue)).consumerCount));
  await connection.close();
  return counts.every((count) => count === 1);
}

/** With headers of that size, of which nothing is large in an event of ours. */
const withHeaders = (key: string, count: number, bytes: number) =>
  eventsOf(key, count, 2).map((each) => ({ ...each, forward: { 'x-note': 'x'.repeat(bytes) } }));

it.each([
  ['bodies', eventsOf, 50_000],
  ['headers', withHeaders, 20_000],
])(
  'large %s that arrive in empty lanes while PagerDuty is unavailable do not exceed the budget',
  async (_, of, bytes) => {
    const budget = 20 * bytes;
    const keys = Array.from({ length: 6 }, (_, lane) => lane + 16).flatMap((lane) => keysOf(lane, 1));
    // Its lanes have tables: the next worker acknowledges nothing when it takes them.
    const former = new TestWorker(broker.url, () => DELIVERED);
    await waitUntil(isEveryQueueOpen, { what: 'every lane and siding to be consumed', timeoutMs: START_MS });
    await former.worker.stop();
    let isUnavailable = true;
    const test = new TestWorker(broker.url, () => (isUnavailable ? UNAVAILABLE : DELIVERED), { memoryBytes: budget });
    await waitUntil(isEveryQueueOpen, { what: 'every lane and siding to be consumed', timeoutMs: START_MS });
    let peak = 0;
    const sampling = setInterval(
      () => (peak = Math.max(peak, test.worker.heldBytes, test.worker.dispatcher.held * bytes)),
      1,
    );
    await Promise.all(keys.map((key) => publish(broker.url, of(key, LANES.prefetch, bytes))));
    // Ten seconds after its window was filled.
    await waitUntil(() => test.worker.parkedKeys > 0, { what: 'a key to be parked', timeoutMs: 120_000 });
    isUnavailable = false;
    const all = keys.length * LANES.prefetch;
    await waitUntil(() => test.delivered.length >= all, { what: 'every event', timeoutMs: 180_000 });
    clearInterval(sampling);
    for (const order of sequences(test.delivered).values())
      expect(order).toEqual(Array.from({ length: LANES.prefetch }, (_, index) => index));
    // The first messages of a lane, and one request in flight in each lane that was released.
    expect(peak).toBeLessThanOrEqual(budget + (LANES.prefetch + keys.length) * bytes);
    // Nothing is left for the next test.
    await waitUntil(() => test.worker.parkedKeys === 0 && test.worker.heldBytes === 0, { what: 'no parked keys' });
    await test.worker.stop();
  },
);

it('the lanes go on while one that holds too much is released', async () => {
  // Small ones first: every lane is open before the large ones come.
  const lanes = Array.from({ length: 8 }, (_, lane) => lane + 8);
  const keys = lanes.flatMap((lane) => keysOf(lane, 1));
  let isSlow = true;
  const ends: (() => void)[] = [];
  const respond = () =>
    isSlow ? new Promise<typeof DELIVERED>((resolve) => ends.push(() => resolve(DELIVERED))) : DELIVERED;
  const test = new TestWorker(broker.url, respond, { memoryBytes: 7.5 * BODY_BYTES });
  await waitUntil(() => test.worker.lanes === EVENTS.lanes, { what: 'every lane' });
  for (const key of keys) await publish(broker.url, eventsOf(key, 1, 2));
  await waitUntil(() => ends.length === keys.length, { what: 'an attempt in each lane' });
  for (const end of ends.splice(0)) end();
  await waitUntil(() => test.delivered.length === keys.length, { what: 'all of them to be delivered' });
  // One in flight in each lane: to release one does not free its memory yet.
  for (const key of keys) {
    const [, , large] = eventsOf(key, 3, BODY_BYTES);
    if (large !== undefined) await publish(broker.url, [large]);
  }
  await waitUntil(() => ends.length === keys.length, { what: 'a large event in each lane' });
  expect(test.worker.lanes).toBeGreaterThanOrEqual(EVENTS.lanes - 1);
  isSlow = false;
  for (const end of ends) end();
  await waitUntil(() => test.delivered.length === 2 * keys.length, { what: 'all of them' });
  await test.worker.stop();
});
