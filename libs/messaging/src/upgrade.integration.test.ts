import { connectToBroker, testServers, waitUntil } from '@pdaltagent/testing';
import { type Channel, type ChannelModel, type ConsumeMessage } from 'amqplib';
import {
  Claims,
  DELIVERED,
  event,
  KEY,
  Markers,
  publish,
  sequences,
  TestWorker,
  THROTTLED,
  UNAVAILABLE,
  place,
} from './lane-worker.fixture';
import { type LaneWorkerOptions } from './lane-worker-options';
import { isOwnMessage } from './parking-table';
import { declareTopology } from './declare-topology';
import { EVENTS, laneOf, laneQueue, sidingKey, sidingQueue, STATUS_EXCHANGE, tableQueue } from './topology';

const LANE = laneOf(EVENTS, KEY);
const SIDINGS = Array.from({ length: EVENTS.sidings }, (_, siding) => sidingQueue(EVENTS, LANE, siding));
const [OTHER_KEY = ''] = Array.from({ length: 10_000 }, (_, index) => `R${String(index).padStart(31, '0')}`).filter(
  (key) => laneOf(EVENTS, key) === LANE,
);

let url: string;
let connection: ChannelModel;
let channel: Channel;
let shared: Pick<LaneWorkerOptions, 'markers' | 'claims'>;

beforeEach(async () => {
  url = (await testServers()).amqpUrl;
  connection = await connectToBroker(url);
  channel = await connection.createChannel();
  await declareTopology(connection, EVENTS, 'quorum');
  shared = { markers: new Markers(), claims: new Claims() };
});
afterEach(async () => {
  await connection.close();
});

const events = (from: number, to: number, key = KEY) =>
  Array.from({ length: to - from }, (_, index) => event('disk', from + index, key));

/** As a worker without tables does: one key in each siding, with the header of possible duplicates. */
function moveToSiding(siding: number, messages: readonly ReturnType<typeof event>[]): Promise<void> {
  return place(
    url,
    messages.map((message) => [sidingKey(LANE, siding), { ...message, maybeDuplicate: true }]),
  );
}

/** As a worker without tables does. */
function announce(): void {
  const body = { kind: 'here', member: 'former', group: EVENTS.exchange, asks: false, lanes: [] };
  channel.publish(STATUS_EXCHANGE, '', Buffer.from(JSON.stringify(body)));
}

const inOrder = (count: number) => Array.from({ length: count }, (_, index) => index);
const orderOf = (test: TestWorker, key = KEY) => sequences(test.delivered).get(`${key}:disk`) ?? [];
const messagesIn = async (queue: string) => (await channel.checkQueue(queue)).messageCount;

describe('a lane of a worker without tables', () => {
  beforeEach(async () => {
    await channel.deleteQueue(tableQueue(EVENTS, LANE));
    await declareTopology(connection, EVENTS, 'quorum');
  });

  it('is continued in order, if the worker was killed while it moved two keys to sidings', async () => {
    // Of the last ones that it moved, the originals were not acknowledged yet.
    await moveToSiding(1, events(0, 100));
    await moveToSiding(3, events(0, 70, OTHER_KEY));
    await publish(url, [...events(96, 200), ...events(60, 90, OTHER_KEY)]);
    const test = new TestWorker(url, () => DELIVERED, shared);
    await waitUntil(() => test.delivered.length === 290, { what: 'every event' });
    expect([orderOf(test), orderOf(test, OTHER_KEY)]).toEqual([inOrder(200), inOrder(90)]);
    await waitUntil(() => test.worker.parkedKeys === 0, { what: 'the keys to return to their lane' });
    await publish(url, events(200, 201));
    await waitUntil(() => orderOf(test).length === 201, { what: 'an event from the lane' });
    await test.worker.stop();
  });

  it('is taken although that worker took the mark from a siding, and made a dead letter of it', async () => {
    await publish(url, events(0, 3));
    let taken = 0;
    const { consumerTag } = await channel.consume(SIDINGS[2] ?? '', (delivery) => {
      if (delivery === null) return;
      channel.reject(delivery, false);
      taken += 1;
    });
    const test = new TestWorker(url, () => DELIVERED, shared);
    await waitUntil(() => taken > 0, { what: 'the mark to be taken' });
    await channel.cancel(consumerTag);
    await waitUntil(() => test.delivered.length === 3, { what: 'the events of the lane' });
    await test.worker.stop();
    await channel.purgeQueue(EVENTS.deadLetters);
  });
});

describe('a lane that went back to a worker without tables', () => {
  it.each([
    [
      'is continued in order by a worker that has heard of that one, although the table lacks the key that it parked',
      true,
    ],
    ['is not continued in order by a worker that has not, unless the table was deleted', false],
  ])('%s', async (_, isHeard) => {
    const first = new TestWorker(url, () => DELIVERED, shared);
    await publish(url, events(0, 1));
    await waitUntil(() => first.delivered.length === 1, { what: 'the lane to be taken' });
    await first.worker.stop();
    expect(await messagesIn(tableQueue(EVENTS, LANE))).toBeGreaterThan(0);
    await moveToSiding(2, events(1, 150));
    await publish(url, events(150, 200));
    const announcements = setInterval(() => isHeard && announce(), 100);
    const second = new TestWorker(url, () => DELIVERED, shared);
    await waitUntil(() => second.delivered.length > 0, { what: 'the first event' });
    clearInterval(announcements);
    await waitUntil(() => second.delivered.length === 199, { what: 'every event' });
    const order = [0, ...orderOf(second)];
    if (isHeard) expect(order).toEqual(inOrder(200));
    else expect(order).not.toEqual(inOrder(200));
    await second.worker.stop();
  });
});

it.each([
  ['holds no more of a lane than a worker without tables, as long as it hears of one', true, EVENTS.formerPrefetch],
  ['holds more of a lane than a worker without tables, if it hears of none', false, EVENTS.prefetch],
])('%s', async (_, isHeard, window) => {
  const announcements = setInterval(() => isHeard && announce(), 100);
  const test = new TestWorker(url, () => UNAVAILABLE, { ...shared, laneGroup: EVENTS });
  await publish(url, events(0, 300));
  // Nothing is moved to a siding while PagerDuty is unavailable.
  await waitUntil(async () => (await messagesIn(laneQueue(EVENTS, LANE))) === 300 - window, { what: 'the window' });
  clearInterval(announcements);
  await test.worker.stop();
  await channel.purgeQueue(laneQueue(EVENTS, LANE));
});

describe('the way back to a worker without tables', () => {
  /** What such a worker finds, as the only consumer. */
  async function contentOf(queue: string): Promise<readonly ConsumeMessage[]> {
    const found: ConsumeMessage[] = [];
    let isComplete = false;
    const { consumerTag } = await channel.consume(queue, (delivery) => {
      if (delivery === null) return;
      channel.ack(delivery);
      if (delivery.properties.messageId === 'last') isComplete = true;
      else found.push(delivery);
    });
    channel.sendToQueue(queue, Buffer.from(''), { messageId: 'last' });
    await waitUntil(() => isComplete, { what: 'everything in the siding' });
    await channel.cancel(consumerTag);
    return found;
  }

  it.each([
    ['finds no event in a siding if no key was parked', 0],
    ['finds events in a siding if a key was parked', 1],
  ])('%s', async (_, parkedKeys) => {
    let isThrottled = true;
    await publish(url, events(0, 200));
    const test = new TestWorker(url, () => (isThrottled ? THROTTLED : DELIVERED), shared);
    await waitUntil(() => test.worker.parkedKeys === 1, { what: 'the key to be parked' });
    isThrottled = parkedKeys > 0;
    await waitUntil(() => test.worker.parkedKeys === parkedKeys, { what: 'the key to return to its lane' });
    await test.worker.stop();
    const found = (await Promise.all(SIDINGS.map(contentOf))).flat().filter((delivery) => !isOwnMessage(delivery));
    expect(found.length > 0).toBe(parkedKeys > 0);
    const last = new TestWorker(url, () => DELIVERED, shared);
    await publish(url, [event('end', 0)]);
    await waitUntil(() => last.delivered.some(({ id }) => id.includes('/end/')), { what: 'the lane to be drained' });
    await last.worker.stop();
  });
});
