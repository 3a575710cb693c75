import { testServers, waitUntil } from '@pdaltagent/testing';
import { connect } from 'amqplib';
import { Lane } from './lane';
import { DELIVERED, event, KEY, publish, sequences, TestWorker, THROTTLED } from './lane-worker.fixture';
import { declareTopology, EVENTS, laneOf, laneQueue } from './topology';

let url: string;
const ALERTS = 40;
const EACH = 25;

beforeAll(async () => {
  url = (await testServers()).amqpUrl;
  const connection = await connect(url);
  await declareTopology(connection, EVENTS, 'quorum');
  await connection.close();
});

/** Another key of the same lane. */
const neighbour = Array.from({ length: 10_000 }, (_, index) => `R${String(index).padStart(31, '0')}`).find(
  (key) => laneOf(EVENTS, key) === laneOf(EVENTS, KEY),
);
const backlog = (from = 0, to = EACH) =>
  Array.from({ length: to - from }, (_, sequence) => sequence + from).flatMap((sequence) =>
    Array.from({ length: ALERTS }, (_, alert) => event(`alert-${alert}`, sequence)),
  );

describe('a key that is throttled', () => {
  it('goes aside with its backlog, lets its neighbours pass, and comes back to the direct way in its order', async () => {
    let throttled = true;
    await publish(url, backlog());
    const test = new TestWorker(url, ({ routingKey }) => (throttled && routingKey === KEY ? THROTTLED : DELIVERED));
    await waitUntil(() => test.said('key set aside'), { what: 'the key to go aside' });
    await publish(url, [event('alert', 0, neighbour)]);
    await waitUntil(() => test.delivered.length > 0, { what: 'the neighbour' });
    expect(test.delivered.map(({ routingKey }) => routingKey)).toEqual([neighbour]);
    throttled = false;
    await publish(url, backlog(EACH, EACH + 5));
    await waitUntil(() => test.said('key goes the direct way again'), {
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
    expect(test.worker.keysAside).toBe(0);
    await test.worker.stop();
  });
});

describe('a lane that is closed while it opens', () => {
  it('leaves no consumer behind that would keep the lane from everyone', async () => {
    const connection = await connect(url);
    const queue = laneQueue(EVENTS, 31);
    for (let round = 0; round < 5; round += 1) {
      const lane = new Lane(queue, {
        arrived: () => undefined,
        foreign: () => undefined,
        closedByBroker: () => undefined,
        lost: () => undefined,
      });
      const opening = lane.open(connection).catch(() => undefined);
      await Promise.all([opening, lane.close()]);
    }
    const channel = await connection.createChannel();
    await waitUntil(async () => (await channel.checkQueue(queue)).consumerCount === 0, { what: 'no consumer' });
    await connection.close();
  });
});
