import { toProperties } from '@pdaltagent/messaging';
import {
  connectToBroker,
  openRunFolder,
  type RabbitMQ,
  type RunFolder,
  startRabbitMQ,
  waitUntil,
} from '@pdaltagent/testing';
import { type ChannelModel, type ConsumeMessage } from 'amqplib';
import { setTimeout as delay } from 'node:timers/promises';
import { acksApplied } from './acks-applied';
import { message } from './dead-letters.fixture';

const QUEUE = 'acks';
/** Three times as long as a queue takes at most if it is not slow. */
const SILENT_MS = 900;

let folder: RunFolder;
let broker: RabbitMQ;
let connection: ChannelModel;

beforeAll(async () => {
  folder = openRunFolder('acks');
  broker = await startRabbitMQ({ folder: folder.path });
  connection = await connectToBroker(broker.url);
});
beforeEach(async () => {
  const channel = await connection.createConfirmChannel();
  const type = { 'x-queue-type': 'quorum', 'x-single-active-consumer': true, 'x-delivery-limit': 1_000_000 };
  await channel.assertQueue(QUEUE, { durable: true, arguments: type });
  await channel.purgeQueue(QUEUE);
  for (let sequence = 0; sequence < 100; sequence += 1) {
    const sent = message(`alert-${sequence}`);
    channel.sendToQueue(QUEUE, sent.body, toProperties(sent));
  }
  await channel.waitForConfirms();
  await channel.close();
});
afterAll(async () => {
  await connection.close();
  await broker.stop();
  folder.remove();
});

async function state(): Promise<{ readonly messageCount: number; readonly consumerCount: number }> {
  const channel = await connection.createChannel();
  const reply = await channel.checkQueue(QUEUE);
  await channel.close();
  return reply;
}
const isReleased = () => waitUntil(async () => (await state()).consumerCount === 0, { what: 'no consumer' });

it('acks count as applied only once a slow queue has applied them all', async () => {
  const channel = await connection.createChannel();
  const deliveries: ConsumeMessage[] = [];
  await channel.consume(QUEUE, (delivery) => delivery && deliveries.push(delivery));
  await waitUntil(() => deliveries.length === 100, { what: 'all messages' });
  await broker.stallQueue(QUEUE);
  for (const delivery of deliveries) channel.ack(delivery);
  let areApplied = false;
  const applied = acksApplied(channel, QUEUE).then(() => (areApplied = true));
  await delay(SILENT_MS);
  expect(areApplied).toBe(false);
  await broker.resumeQueue(QUEUE);
  await applied;
  await channel.close();
  await isReleased();
  expect((await state()).messageCount).toBe(0);
});
