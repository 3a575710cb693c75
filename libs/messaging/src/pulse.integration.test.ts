import {
  connectToBroker,
  openRunFolder,
  type RabbitMQ,
  type RunFolder,
  startRabbitMQ,
  waitUntil,
} from '@pdaltagent/testing';
import { setTimeout as delay } from 'node:timers/promises';
import { DELIVERED, event, publish, TestWorker } from './lane-worker.fixture';
import { declareTopology } from './declare-topology';
import { VALID_FOR_MS } from './pulse';
import { EVENTS, PULSE_QUEUE } from './topology';

let folder: RunFolder;
let broker: RabbitMQ;

beforeAll(async () => {
  folder = openRunFolder('pulse');
  broker = await startRabbitMQ({ folder: folder.path });
  const connection = await connectToBroker(broker.url);
  await declareTopology(connection, EVENTS, 'quorum');
  await connection.close();
}, 180_000);
afterAll(async () => {
  await broker.stop();
  folder.remove();
});

it('a worker whose node does not reach a majority starts no attempts, although its lanes still deliver, until it does', async () => {
  const test = new TestWorker(broker.url, () => DELIVERED);
  const [before, meanwhile, last] = [event('disk', 0), event('disk', 1), event('disk', 2)];
  await publish(broker.url, [before]);
  await waitUntil(() => test.delivered.length === 1, { what: 'the first event' });
  await broker.stallQueue(PULSE_QUEUE);
  await waitUntil(() => !test.worker.ownsLanes, { what: 'the last pulse to be too old' });
  await publish(broker.url, [meanwhile]);
  await waitUntil(() => test.worker.dispatcher.held === 1, { what: 'the event to be consumed' });
  // By then the other one would have been attempted.
  await publish(broker.url, [last]);
  await waitUntil(() => test.worker.dispatcher.held === 2, { what: 'one more event to be consumed' });
  expect(test.attempted).toHaveLength(1);
  await broker.resumeQueue(PULSE_QUEUE);
  await waitUntil(() => test.delivered.length === 3, { what: 'every event' });
  expect(test.attempted.map(({ id }) => id)).toEqual([before.id, meanwhile.id, last.id]);
  await test.worker.stop();
}, 60_000);

it('a worker has its pulse while the broker is short of memory', async () => {
  const test = new TestWorker(broker.url, () => DELIVERED);
  await waitUntil(() => test.worker.lanes === EVENTS.lanes, { what: 'every lane' });
  await publish(broker.url, [event('disk', 3)]);
  await waitUntil(() => test.delivered.length === 1, { what: 'the event' });
  await broker.setAlarm('memory', true);
  await waitUntil(() => test.logged('the broker accepts no messages'), { what: 'the alarm' });
  // What is tested is a time: without an answer the last pulse would be too old by then.
  await delay(VALID_FOR_MS + 1_000);
  expect(test.worker.ownsLanes).toBe(true);
  await broker.setAlarm('memory', false);
  await test.worker.stop();
}, 60_000);
