import { connectToBroker, testServers, waitUntil } from '@pdaltagent/testing';
import { Claims, DELIVERED, event, KEY, Markers, publish, sequences, TestWorker, place } from './lane-worker.fixture';
import { type OutgoingMessage } from './message';
import { declareTopology } from './declare-topology';
import { EVENTS, laneKey, laneOf, laneQueue, sidingKey, tableKey } from './topology';

let url: string;
const OWN_LANE = laneOf(EVENTS, KEY);
/** More than a lane's window. */
const COUNT = 70;

beforeEach(async () => {
  url = (await testServers()).amqpUrl;
  const connection = await connectToBroker(url);
  await declareTopology(connection, EVENTS, 'quorum');
  await connection.close();
});

/** A routing key of the lane. */
function keyOf(lane: number): string {
  for (let n = 0; ; n += 1) {
    const key = `R${String(n).padStart(31, '0')}`;
    if (laneOf(EVENTS, key) === lane) return key;
  }
}

/** Publishes messages to the wrong queue, as an operator with another tool may. */
function misplace(routingKey: string, messages: readonly OutgoingMessage[]): Promise<void> {
  return place(
    url,
    messages.map((message) => [routingKey, message]),
  );
}

const of = (alert: string, key = KEY) => Array.from({ length: COUNT }, (_, sequence) => event(alert, sequence, key));

it('messages in the wrong lanes reach their own in order, and block nothing there', async () => {
  const markers = new Markers();
  const workers = [1, 2].map(() => new TestWorker(url, () => DELIVERED, { markers }));
  await waitUntil(() => workers.every(({ worker }) => worker.lanes > 0 && worker.lanes < EVENTS.lanes), {
    what: 'both workers to work lanes',
    timeoutMs: 30_000,
  });
  const others = Array.from({ length: 4 }, (_, index) => (OWN_LANE + 1 + index) % EVENTS.lanes);
  for (const lane of others) {
    await misplace(laneKey(lane), of(`misplaced-${lane}`));
    await misplace(laneKey(lane), [event('own', 0, keyOf(lane))]);
  }
  const delivered = () => workers.flatMap((worker) => worker.delivered);
  await waitUntil(() => delivered().length >= others.length * (COUNT + 1), {
    what: 'everything to be delivered',
    timeoutMs: 45_000,
  });
  await Promise.all(workers.map(({ worker }) => worker.stop()));
  const inOrder = Array.from({ length: COUNT }, (_, sequence) => sequence);
  const found = sequences(delivered());
  for (const lane of others) {
    expect(found.get(`${KEY}:misplaced-${lane}`)).toEqual(inOrder);
    expect(found.get(`${keyOf(lane)}:own`)).toEqual([0]);
  }
  expect(workers.some((worker) => worker.logged('messages in the wrong lane: moving'))).toBe(true);
});

it('messages in a siding of the wrong lane reach their own too, and the siding’s key is still recognized', async () => {
  const lane = (OWN_LANE + 1) % EVENTS.lanes;
  const key = keyOf(lane);
  await misplace(sidingKey(lane, 0), of('stray'));
  await misplace(sidingKey(lane, 0), of('aside', key));
  await misplace(laneKey(lane), [event('aside', COUNT, key)]);
  const test = new TestWorker(url, () => DELIVERED);
  await waitUntil(() => test.delivered.length >= 2 * COUNT + 1, { what: 'everything' });
  await test.worker.stop();
  const found = sequences(test.delivered);
  expect(found.get(`${KEY}:stray`)).toEqual(Array.from({ length: COUNT }, (_, sequence) => sequence));
  expect(found.get(`${key}:aside`)).toEqual(Array.from({ length: COUNT + 1 }, (_, sequence) => sequence));
});

it('events in the queue of a table are delivered, and stop no lane whose former owner was killed', async () => {
  const claims = new Claims();
  // What a killed worker leaves in Redis.
  await claims.claim(laneQueue(EVENTS, OWN_LANE), 'killed worker:1');
  const lane = (OWN_LANE + 1) % EVENTS.lanes;
  await misplace(tableKey(OWN_LANE), [event('stray', 0)]);
  await misplace(tableKey(lane), [event('misplaced', 0)]);
  await publish(url, [event('own', 0)]);
  const test = new TestWorker(url, () => DELIVERED, { claims });
  await waitUntil(() => test.delivered.length >= 3, { what: 'everything', timeoutMs: 45_000 });
  await test.worker.stop();
  expect([...sequences(test.delivered).keys()].sort()).toEqual([`${KEY}:misplaced`, `${KEY}:own`, `${KEY}:stray`]);
  expect(test.logged('a lane is no longer claimed by this worker')).toBe(false);
});
