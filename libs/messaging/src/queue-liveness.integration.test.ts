import { openRunFolder, type RabbitMQ, type RunFolder, startRabbitMQ, waitUntil } from '@pdaltagent/testing';
import { type ChannelModel, connect } from 'amqplib';
import { answeringQueues } from './queue-liveness';

const [FIRST, SECOND] = ['first', 'second'] as const;

let folder: RunFolder;
let broker: RabbitMQ;
let connection: ChannelModel;

beforeAll(async () => {
  folder = openRunFolder('queue-liveness');
  broker = await startRabbitMQ({ folder: folder.path });
  connection = await connect(broker.url);
  const channel = await connection.createChannel();
  const type = { 'x-queue-type': 'quorum', 'x-single-active-consumer': true };
  for (const queue of [FIRST, SECOND]) await channel.assertQueue(queue, { durable: true, arguments: type });
  await channel.close();
});
afterAll(async () => {
  await connection.close();
  await broker.stop();
  folder.remove();
});

/** Suspends or resumes the Raft leader of the second queue. */
async function tellLeader(what: 'suspend' | 'resume'): Promise<void> {
  const queue = `rabbit_misc:r(<<"/">>, queue, <<"${SECOND}">>)`;
  await broker.control(['eval', `{ok, Q} = rabbit_amqqueue:lookup(${queue}), sys:${what}(amqqueue:get_pid(Q)).`]);
}

const answering = (): Promise<ReadonlySet<string>> =>
  answeringQueues([FIRST, SECOND], { url: broker.url, name: 'test' });

it('a queue answers although another consumer is the active one, unless it hangs', async () => {
  const channel = await connection.createConfirmChannel();
  const received: string[] = [];
  await channel.prefetch(1);
  await channel.consume(FIRST, (delivery) => {
    received.push(String(delivery?.content));
    if (delivery !== null) channel.ack(delivery);
  });
  await tellLeader('suspend');
  expect(await answering()).toEqual(new Set([FIRST]));
  await tellLeader('resume');
  await waitUntil(async () => (await answering()).size === 2, { what: 'both queues answer' });
  for (const content of ['1', '2', '3']) channel.sendToQueue(FIRST, Buffer.from(content));
  await waitUntil(() => received.length === 3, { what: 'three messages' });
  expect(received).toEqual(['1', '2', '3']);
  await channel.close();
});

it('a message that the question is delivered returns to its place', async () => {
  const channel = await connection.createConfirmChannel();
  for (const content of ['1', '2', '3']) channel.sendToQueue(SECOND, Buffer.from(content));
  await channel.waitForConfirms();
  expect(await answering()).toEqual(new Set([FIRST, SECOND]));
  const received: string[] = [];
  await channel.consume(SECOND, (delivery) => void received.push(String(delivery?.content)), { noAck: true });
  await waitUntil(() => received.length === 3, { what: 'three messages' });
  expect(received).toEqual(['1', '2', '3']);
  await channel.close();
});
