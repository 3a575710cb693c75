import { delay } from '@pdaltagent/clock';
import {
  type ContractCase,
  consume,
  declareQueue,
  isSettled,
  publish,
  QUIET_MS,
  range,
  remaining,
  stocked,
  twoQueues,
  until,
} from './contract.fixture';

const EXCHANGE = 'contract.direct';

/** What a queue whose Raft group does not answer does to channels and connections. */
export const STALLS: readonly ContractCase[] = [
  [
    'confirms messages for other queues while one queue of the channel does not answer',
    async (world) => {
      const { channel, stalled, healthy } = await twoQueues(world);
      await publish(channel, stalled, 1);
      await world.stallQueue(stalled);
      const unconfirmed = publish(channel, stalled, 20, 1);
      await publish(channel, healthy, 20);
      expect(await isSettled(world, unconfirmed)).toBe(false);
      await world.resumeQueue(stalled);
      await unconfirmed;
      expect(await remaining(world, stalled)).toEqual(range(0, 21));
    },
  ],
  [
    'processes nothing of a channel whose first message for a queue that does not answer waits',
    async (world) => {
      const { connection, channel, stalled, healthy } = await twoQueues(world);
      await world.stallQueue(stalled);
      const unconfirmed = publish(channel, stalled, 1);
      const behind = publish(channel, healthy, 1);
      expect(await isSettled(world, behind)).toBe(false);
      await publish(await connection.createConfirmChannel(), healthy, 1);
      await world.resumeQueue(stalled);
      await Promise.all([unconfirmed, behind]);
    },
  ],
  [
    'does the same if the channel consumes the queue and has published nothing to it yet',
    async (world) => {
      const { channel, stalled, healthy } = await twoQueues(world);
      const consumed = await consume(channel, stalled);
      await world.stallQueue(stalled);
      const unconfirmed = publish(channel, stalled, 1);
      const behind = publish(channel, healthy, 1);
      expect(await isSettled(world, behind)).toBe(false);
      await world.resumeQueue(stalled);
      await Promise.all([unconfirmed, behind]);
      await until(world, 'the message', () => consumed.deliveries.length === 1);
    },
  ],
  [
    'reads nothing more of a connection if many messages follow on the channel of a queue that does not answer',
    async (world) => {
      const { connection, channel, stalled, healthy } = await twoQueues(world);
      const other = await connection.createChannel();
      await other.assertExchange(EXCHANGE, 'direct', { durable: true });
      await publish(channel, stalled, 1);
      await world.stallQueue(stalled);
      const unconfirmed = publish(channel, stalled, 33, 1);
      const following = publish(channel, healthy, 500);
      await delay(world.clock, QUIET_MS);
      const reply = other.checkExchange(EXCHANGE);
      expect(await isSettled(world, reply)).toBe(false);
      await world.resumeQueue(stalled);
      await Promise.all([unconfirmed, following, reply]);
    },
  ],
  [
    'reads on if no more than 128 messages are unconfirmed on the channel of a queue that does not answer',
    async (world) => {
      const connection = await world.connect();
      const stalled = await declareQueue(world, connection);
      const [channel, other] = [await connection.createConfirmChannel(), await connection.createChannel()];
      await other.assertExchange(EXCHANGE, 'direct', { durable: true });
      await publish(channel, stalled, 1);
      await world.stallQueue(stalled);
      const unconfirmed = publish(channel, stalled, 128, 1);
      await delay(world.clock, QUIET_MS);
      await other.checkExchange(EXCHANGE);
      await world.resumeQueue(stalled);
      await unconfirmed;
    },
  ],
  [
    'answers a subscription only once the queue answers',
    async (world) => {
      const connection = await world.connect();
      const stalled = await declareQueue(world, connection);
      await world.stallQueue(stalled);
      const consumed = consume(await connection.createChannel(), stalled);
      expect(await isSettled(world, consumed)).toBe(false);
      await world.resumeQueue(stalled);
      await consumed;
    },
  ],
  [
    'counts ready messages and the active consumer only, and nothing while the queue does not answer',
    async (world) => {
      const { connection, queue } = await stocked(world, 5);
      const consumed = await consume(await connection.createChannel(), queue, 2);
      await until(world, 'a window', () => consumed.deliveries.length === 2);
      const channel = await connection.createChannel();
      await consume(await connection.createChannel(), queue);
      expect(await channel.checkQueue(queue)).toMatchObject({ messageCount: 3, consumerCount: 1 });
      await world.stallQueue(queue);
      expect(await channel.checkQueue(queue)).toMatchObject({ messageCount: 0, consumerCount: 0 });
      await world.resumeQueue(queue);
    },
  ],
];
