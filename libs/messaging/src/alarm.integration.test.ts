import {
  connectToBroker,
  openRunFolder,
  type RabbitMQ,
  type RunFolder,
  startRabbitMQ,
  waitUntil,
} from '@pdaltagent/testing';
import { setTimeout as delay } from 'node:timers/promises';
import {
  DELIVERED,
  event,
  KEY,
  Markers,
  publish,
  REJECTED,
  sequences,
  TestWorker,
  THROTTLED,
} from './lane-worker.fixture';
import { declareTopology } from './declare-topology';
import { EVENTS, laneOf, laneQueue, tableQueue } from './topology';

/** Longer than the time after which a silent worker counts as gone. */
const LONGER_THAN_GONE_MS = 9_000;

let folder: RunFolder;
let broker: RabbitMQ;

beforeAll(async () => {
  folder = openRunFolder('alarm');
  broker = await startRabbitMQ({ folder: folder.path });
  const connection = await connectToBroker(broker.url);
  await declareTopology(connection, EVENTS, 'quorum');
  await connection.close();
});
afterEach(() => broker.setAlarm('memory', false));
afterAll(async () => {
  await broker.stop();
  folder.remove();
});

async function consumersOfEachLane(): Promise<number[]> {
  const connection = await connectToBroker(broker.url);
  const channel = await connection.createChannel();
  const counts: number[] = [];
  for (let lane = 0; lane < EVENTS.lanes; lane += 1) {
    counts.push((await channel.checkQueue(laneQueue(EVENTS, lane))).consumerCount);
  }
  await connection.close();
  return counts;
}

describe('while the broker is short of memory', () => {
  it('workers still know each other, and keep their lanes when it is over', async () => {
    const workers = [new TestWorker(broker.url, () => DELIVERED), new TestWorker(broker.url, () => DELIVERED)];
    const lanes = () => workers.map(({ worker }) => worker.lanes);
    const isShared = () => lanes().every((count) => count > 0) && lanes().reduce((a, b) => a + b) === EVENTS.lanes;
    // A lane that has never been taken cannot be taken in an alarm.
    const areConsumed = async () => isShared() && (await consumersOfEachLane()).every((count) => count === 1);
    await waitUntil(areConsumed, { what: 'the lanes to be shared' });
    const before = lanes();
    await broker.setAlarm('memory', true);
    await waitUntil(() => workers.every((test) => test.logged('the broker accepts no messages')), {
      what: 'the alarm',
    });
    await delay(LONGER_THAN_GONE_MS);
    expect(await consumersOfEachLane()).toEqual(Array.from({ length: EVENTS.lanes }, () => 1));
    expect(lanes()).toEqual(before);
    await broker.setAlarm('memory', false);
    await waitUntil(() => workers.every((test) => test.logged('the broker accepts messages again')), {
      what: 'its end',
    });
    await delay(LONGER_THAN_GONE_MS);
    expect(lanes()).toEqual(before);
    expect(await consumersOfEachLane()).toEqual(Array.from({ length: EVENTS.lanes }, () => 1));
    await Promise.all(workers.map(({ worker }) => worker.stop()));
  });

  it('a worker that starts takes the lanes that have no owner, and delivers what is in them', async () => {
    await publish(broker.url, [event('disk', 0)]);
    await broker.setAlarm('memory', true);
    const test = new TestWorker(broker.url, () => DELIVERED);
    await waitUntil(() => test.worker.lanes === EVENTS.lanes, { what: 'every lane' });
    await waitUntil(() => test.delivered.length === 1, { what: 'the event' });
    await broker.setAlarm('memory', false);
    await waitUntil(() => test.worker.lanes === EVENTS.lanes, { what: 'every lane' });
    await test.worker.stop();
  });

  it('a worker takes a lane without a table, as at the first start of this version, only after the alarm', async () => {
    const connection = await connectToBroker(broker.url);
    const channel = await connection.createChannel();
    await channel.deleteQueue(tableQueue(EVENTS, laneOf(EVENTS, KEY)));
    await declareTopology(connection, EVENTS, 'quorum');
    await connection.close();
    const otherKey = `${KEY.slice(0, -1)}7`;
    await publish(broker.url, [event('first', 0), event('other', 0, otherKey)]);
    await broker.setAlarm('memory', true);
    const test = new TestWorker(broker.url, () => DELIVERED);
    await waitUntil(() => test.delivered.length > 0, { what: 'the event of another lane' });
    await delay(LONGER_THAN_GONE_MS);
    expect(test.delivered.map(({ routingKey }) => routingKey)).toEqual([otherKey]);
    await broker.setAlarm('memory', false);
    await waitUntil(() => test.delivered.length === 2, { what: 'the event of the lane' });
    await test.worker.stop();
  });

  it('a worker stops although it cannot write a dead letter, which its successor writes after the alarm', async () => {
    await publish(broker.url, [event('refused', 0)]);
    await broker.setAlarm('memory', true);
    const first = new TestWorker(broker.url, () => REJECTED);
    await waitUntil(() => first.attempted.length === 1, { what: 'the attempt' });
    let isStopped = false;
    void first.worker.stop().then(() => (isStopped = true));
    await waitUntil(() => isStopped, { what: 'the worker to stop', timeoutMs: 30_000 });
    expect(first.logged('dead letter')).toBe(false);
    await broker.setAlarm('memory', false);
    const second = new TestWorker(broker.url, () => REJECTED);
    await waitUntil(() => second.logged('dead letter'), { what: 'the dead letter' });
    await second.worker.stop();
  }, 120_000);

  it('a key that is being parked waits, and all its messages are delivered once and in order afterwards', async () => {
    const [alerts, each] = [50, 60];
    const messages = Array.from({ length: each }, (_, sequence) =>
      Array.from({ length: alerts }, (_unused, alert) => event(`alert-${alert}`, sequence)),
    ).flat();
    await publish(broker.url, messages);
    let throttled = true;
    const test = new TestWorker(broker.url, () => (throttled ? THROTTLED : DELIVERED), { markers: new Markers() });
    await waitUntil(() => test.logged('key parked'), { what: 'the key to be parked' });
    await broker.setAlarm('memory', true);
    await waitUntil(() => test.logged('the broker accepts no messages'), { what: 'the alarm' });
    expect(test.worker.parkedKeys).toBe(1);
    throttled = false;
    await waitUntil(() => test.delivered.length > 0, { what: 'messages on the siding' });
    await broker.setAlarm('memory', false);
    await waitUntil(() => test.delivered.length >= alerts * each, { what: 'everything', timeoutMs: 60_000 });
    await waitUntil(() => test.worker.parkedKeys === 0, { what: 'the key to return to its lane' });
    expect(test.delivered).toHaveLength(alerts * each);
    for (const order of sequences(test.delivered).values()) {
      expect(order).toEqual(Array.from({ length: each }, (_, index) => index));
    }
    await publish(broker.url, [event('alert-0', each)]);
    await waitUntil(() => test.delivered.length > alerts * each, { what: 'one more from the lane' });
    expect(test.worker.dispatcher).toMatchObject({ held: 0, inFlight: 0 });
    expect(test.delivered.every(({ routingKey }) => routingKey === KEY)).toBe(true);
    await test.worker.stop();
  });

  it('the messages of a parked key are delivered once and in order, its siding’s first, also by another worker', async () => {
    const each = 200;
    const messages = Array.from({ length: each }, (_, sequence) => event('taken-over', sequence));
    await publish(broker.url, messages);
    const markers = new Markers();
    const first = new TestWorker(broker.url, () => THROTTLED, { markers });
    await waitUntil(() => first.logged('key parked'), { what: 'the key to be parked' });
    await broker.setAlarm('memory', true);
    await waitUntil(() => first.logged('the broker accepts no messages'), { what: 'the alarm' });
    await first.worker.stop();
    const second = new TestWorker(broker.url, () => DELIVERED, { markers });
    await waitUntil(() => second.delivered.length >= each, { what: 'everything, during the alarm' });
    expect(sequences(second.delivered).get(`${KEY}:taken-over`)).toEqual(
      Array.from({ length: each }, (_, index) => index),
    );
    await waitUntil(() => second.worker.parkedKeys === 0, { what: 'the key to return to its lane' });
    await broker.setAlarm('memory', false);
    await second.worker.stop();
  });
});
