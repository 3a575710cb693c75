import { SYSTEM_CLOCK } from '@pdaltagent/clock';
import {
  connectToBroker,
  openRunFolder,
  type RabbitMQ,
  type RunFolder,
  startRabbitMQ,
  waitUntil,
} from '@pdaltagent/testing';
import { type ChannelModel } from 'amqplib';
import { LaneChannel, type UnackedMessage } from './lane-channel';
import { channelOptions, claimOf, event, LANES } from './lane-worker.fixture';
import { toProperties } from './message';

const QUEUE = 'acks';
let folder: RunFolder;
let broker: RabbitMQ;
let connection: ChannelModel;

beforeAll(async () => {
  folder = openRunFolder('acks');
  broker = await startRabbitMQ({ folder: folder.path });
  connection = await connectToBroker(broker.url);
}, 180_000);
beforeEach(async () => {
  const channel = await connection.createConfirmChannel();
  const type = { 'x-queue-type': 'quorum', 'x-single-active-consumer': true, 'x-delivery-limit': 1_000_000 };
  await channel.assertQueue(QUEUE, { durable: true, arguments: type });
  await channel.purgeQueue(QUEUE);
  for (let sequence = 0; sequence < 100; sequence += 1) {
    const message = event(`alert-${sequence}`, 0);
    channel.sendToQueue(QUEUE, message.body, toProperties(message));
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

/** A consumer of the queue, and what it holds once its window is full. */
async function consuming(clock = SYSTEM_CLOCK) {
  const held: UnackedMessage[] = [];
  const ports = {
    onMessage: (message: UnackedMessage) => void held.push(message),
    onUnreadable: () => undefined,
    onClosedByBroker: () => undefined,
    onLost: () => undefined,
    onSettled: () => undefined,
    onAcksLost: () => undefined,
  };
  const lane = new LaneChannel(channelOptions(claimOf(QUEUE), clock), ports);
  await lane.open(connection);
  await lane.consume(QUEUE, { isUrgent: true, prefetch: () => LANES.prefetch });
  await waitUntil(() => held.length === LANES.prefetch, { what: 'a window of messages' });
  return { lane, held };
}

it('a lane that is released right after all its acks repeats none of their messages', async () => {
  const { lane, held } = await consuming();
  for (const message of [...held]) lane.ack(message);
  await waitUntil(() => held.length === 100, { what: 'the other messages' });
  for (const message of held.slice(LANES.prefetch)) lane.ack(message);
  await lane.close();
  await isReleased();
  expect((await state()).messageCount).toBe(0);
});

it('a lane whose queue does not answer is released anyway, and is free once it answers', async () => {
  const hasty = { ...SYSTEM_CLOCK, after: (ms: number, call: () => void) => SYSTEM_CLOCK.after(ms / 10, call) };
  const { lane, held } = await consuming(hasty);
  await broker.stallQueue(QUEUE);
  for (const message of held) lane.ack(message);
  await lane.close();
  await broker.resumeQueue(QUEUE);
  await isReleased();
  expect((await state()).messageCount).toBeLessThan(100);
});
