import { openRunFolder, type RabbitMQ, type RunFolder, startRabbitMQ, waitUntil } from '@pdaltagent/testing';
import { connect } from 'amqplib';
import { DELIVERED, event, KEY, publish, TestWorker } from './lane-worker.fixture';
import { Scout } from './scout';
import { declareTopology, EVENTS, laneOf, laneQueue } from './topology';

const QUEUE = laneQueue(EVENTS, laneOf(EVENTS, KEY));

let folder: RunFolder;
let broker: RabbitMQ;

beforeAll(async () => {
  folder = openRunFolder('scout');
  broker = await startRabbitMQ({ folder: folder.path });
  const connection = await connect(broker.url);
  await declareTopology(connection, EVENTS, 'quorum');
  await connection.close();
}, 180_000);
afterAll(async () => {
  await broker.stop();
  folder.remove();
});

/** Suspends or resumes the queue's Raft leader. */
async function tellLeader(what: 'suspend' | 'resume'): Promise<void> {
  const queue = `rabbit_misc:r(<<"/">>, queue, <<"${QUEUE}">>)`;
  await broker.control(['eval', `{ok, Q} = rabbit_amqqueue:lookup(${queue}), sys:${what}(amqqueue:get_pid(Q)).`]);
}

it('takes no message from a queue that answers', async () => {
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const scout = new Scout({ url: broker.url, name: 'test', queueType: 'quorum', log });
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
  await tellLeader('suspend');
  const test = new TestWorker(broker.url, () => DELIVERED);
  const other = event('disk', 1, 'R0000000000000000000000000000000');
  expect(laneOf(EVENTS, other.routingKey)).not.toBe(laneOf(EVENTS, KEY));
  await publish(broker.url, [other]);
  await waitUntil(() => test.delivered.length === 1, { what: 'the event of another lane', timeoutMs: 60_000 });
  await waitUntil(() => test.logged('a queue does not answer'), { what: 'the warning', timeoutMs: 60_000 });
  await tellLeader('resume');
  const late = event('disk', 2);
  await publish(broker.url, [late]);
  await waitUntil(() => test.delivered.length === 2, { what: 'the event of the lane', timeoutMs: 60_000 });
  expect(test.logged('a queue answers again')).toBe(true);
  expect(test.delivered.map(({ id }) => id)).toEqual([other.id, late.id]);
  await test.worker.stop();
}, 120_000);
