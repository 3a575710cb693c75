import { connectToBroker, testServers, waitUntil } from '@pdaltagent/testing';
import { DELIVERED, event, KEY, publish, TestWorker, place } from './lane-worker.fixture';
import { declareTopology } from './declare-topology';
import { EVENTS, laneOf, sidingKey } from './topology';

let url: string;

beforeEach(async () => {
  url = (await testServers()).amqpUrl;
  const connection = await connectToBroker(url);
  await declareTopology(connection, EVENTS, 'quorum');
  await connection.close();
});

it('nothing is sent from a lane before its worker is prepared', async () => {
  const happened: string[] = [];
  let prepared: () => void = () => undefined;
  const preparation = new Promise<void>((resolve) => (prepared = resolve));
  await publish(url, [event('disk', 0)]);
  const test = new TestWorker(
    url,
    () => {
      happened.push('sent');
      return DELIVERED;
    },
    {
      prepare: () => {
        happened.push('asked');
        return preparation.then(() => void happened.push('prepared'));
      },
    },
  );
  await waitUntil(() => happened.includes('asked'), { what: 'the worker to prepare itself' });
  await waitUntil(() => test.worker.lanes === EVENTS.lanes, { what: 'all lanes to be taken' });
  prepared();
  await waitUntil(() => test.delivered.length === 1, { what: 'the delivery' });
  await test.worker.stop();
  // Each lane asks.
  expect(happened.indexOf('sent')).toBeGreaterThan(happened.indexOf('prepared'));
});

it('nothing is sent from its sidings either', async () => {
  const otherKey = `${KEY.slice(0, -1)}7`;
  expect(laneOf(EVENTS, otherKey)).not.toBe(laneOf(EVENTS, KEY));
  await place(
    url,
    [KEY, otherKey].map((key) => [
      sidingKey(laneOf(EVENTS, key), 0),
      { ...event('disk', 0, key), maybeDuplicate: true },
    ]),
  );
  await publish(url, [event('disk', 1), event('disk', 1, otherKey)]);
  let prepared: () => void = () => undefined;
  const preparation = new Promise<void>((resolve) => (prepared = resolve));
  let asked = 0;
  const test = new TestWorker(url, () => DELIVERED, {
    prepare: () => {
      asked += 1;
      return asked === 1 ? preparation : Promise.resolve();
    },
  });
  const deliveredOf = (sequence: number) => test.delivered.filter(({ id }) => id.endsWith(`/${sequence}`)).length;
  // The prepared lane has sent the messages on its siding, and then its own.
  await waitUntil(() => deliveredOf(1) === 1, { what: 'the delivery of one lane' });
  expect(deliveredOf(0)).toBe(1);
  prepared();
  await waitUntil(() => deliveredOf(1) === 2, { what: 'the delivery of the other' });
  await test.worker.stop();
  expect(deliveredOf(0)).toBe(2);
});
