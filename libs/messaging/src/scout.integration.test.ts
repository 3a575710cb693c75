import {
  connectToBroker,
  openRunFolder,
  type RabbitMQ,
  type RunFolder,
  startRabbitMQ,
  waitUntil,
} from '@pdaltagent/testing';
import { DELIVERED, event, KEY, publish, TestWorker } from './lane-worker.fixture';
import { QueueChecks } from './queue-checks';
import { Scout } from './scout';
import { declareTopology } from './declare-topology';
import { EVENTS, laneOf, laneQueue, sidingQueue, tableQueue } from './topology';

const QUEUE = laneQueue(EVENTS, laneOf(EVENTS, KEY));

let folder: RunFolder;
let broker: RabbitMQ;

beforeAll(async () => {
  folder = openRunFolder('scout');
  broker = await startRabbitMQ({ folder: folder.path });
  const connection = await connectToBroker(broker.url);
  await declareTopology(connection, EVENTS, 'quorum');
  await connection.close();
}, 180_000);
afterAll(async () => {
  await broker.stop();
  folder.remove();
});

it('takes no message from a queue that answers', async () => {
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const scout = new Scout({ url: broker.url, name: 'test', queueType: 'quorum', onMissing: () => undefined, log });
  const message = event('disk', 0);
  await publish(broker.url, [message]);
  await scout.whenAnswered(QUEUE, new AbortController().signal);
  await scout.whenAnswered(QUEUE, new AbortController().signal);
  await scout.close();
  const test = new TestWorker(broker.url, () => DELIVERED);
  await waitUntil(() => test.delivered.length === 1, { what: 'the message' });
  expect(test.delivered[0]?.id).toBe(message.id);
  await test.worker.stop();
});

it('a worker takes its other lanes while the queue of one does not answer, and that one once it does', async () => {
  await broker.stallQueue(QUEUE);
  const test = new TestWorker(broker.url, () => DELIVERED);
  const other = event('disk', 1, 'R0000000000000000000000000000000');
  expect(laneOf(EVENTS, other.routingKey)).not.toBe(laneOf(EVENTS, KEY));
  await publish(broker.url, [other]);
  await waitUntil(() => test.delivered.length === 1, { what: 'the event of another lane', timeoutMs: 60_000 });
  await waitUntil(() => test.logged('a queue does not answer'), { what: 'the warning', timeoutMs: 60_000 });
  await broker.resumeQueue(QUEUE);
  const late = event('disk', 2);
  await publish(broker.url, [late]);
  await waitUntil(() => test.delivered.length === 2, { what: 'the event of the lane', timeoutMs: 60_000 });
  expect(test.logged('a queue answers again')).toBe(true);
  expect(test.delivered.map(({ id }) => id)).toEqual([other.id, late.id]);
  await test.worker.stop();
}, 120_000);

it('queues that are deleted while workers run are declared again, and each worker keeps its other lanes', async () => {
  const tests = [new TestWorker(broker.url, () => DELIVERED), new TestWorker(broker.url, () => DELIVERED)];
  const connection = await connectToBroker(broker.url);
  let missing = 0;
  const checks = new QueueChecks(connection, () => (missing += 1));
  const lane = laneOf(EVENTS, KEY);
  const queues = [laneQueue(EVENTS, lane), tableQueue(EVENTS, lane), sidingQueue(EVENTS, lane, 0)];
  const areConsumed = async (): Promise<boolean> => {
    const states = await Promise.all(queues.map((queue) => checks.stateOf(queue)));
    return states.every((state) => state?.consumerCount === 1);
  };
  try {
    await waitUntil(() => tests.every(({ worker }) => worker.lanes > 0), { what: 'lanes of both workers' });
    await waitUntil(areConsumed, { what: 'consumers of the lane', timeoutMs: 60_000 });
    const channel = await connection.createChannel();
    for (const queue of queues) await channel.deleteQueue(queue);
    expect([await checks.stateOf(tableQueue(EVENTS, lane)), missing]).toEqual([undefined, 1]);
    await waitUntil(areConsumed, { what: 'consumers of the queues that were declared again', timeoutMs: 60_000 });
    const message = event('disk', 3);
    await publish(broker.url, [message]);
    const delivered = (): readonly string[] => tests.flatMap((each) => each.delivered.map(({ id }) => id));
    await waitUntil(() => delivered().length === 1, { what: 'the event' });
    expect(delivered()).toEqual([message.id]);
    // Each has two connections.
    expect(tests.map(({ lines }) => lines.filter((line) => line.startsWith('broker connected')).length)).toEqual([
      2, 2,
    ]);
  } finally {
    await Promise.all(tests.map(({ worker }) => worker.stop()));
    await connection.close();
  }
}, 180_000);
