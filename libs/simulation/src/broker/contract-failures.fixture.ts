import {
  closureOf,
  consume,
  type ContractCase,
  publish,
  QUIET_MS,
  range,
  remaining,
  stocked,
  declareQueue,
  isSettled,
  twoQueues,
  until,
} from './contract.fixture';
import { delay } from '@pdaltagent/clock';
import { type ContractWorld } from './contract-world.fixture';

const HEARTBEAT_MS = 2_000;
const TIMEOUT_MS = 1_000;
const CHECK_MS = 250;
/** RabbitMQ's own default; ms. */
const DEFAULT_TIMEOUT_MS = 1_800_000;
const DEFAULT_CHECK_MS = 60_000;

/** What happens to messages when consumers, connections or the broker fail. */
export const FAILURES: readonly ContractCase[] = [
  [
    'closes the channel of a message that is not acknowledged in time (406), and returns what it held',
    async (world) => {
      const { connection, queue } = await stocked(world, 5);
      await world.setConsumerTimeout(TIMEOUT_MS, CHECK_MS);
      const channel = await connection.createChannel();
      const closure = closureOf(channel);
      const consumed = await consume(channel, queue, 3);
      await until(world, 'a window', () => consumed.deliveries.length === 3);
      await until(world, 'the closure', () => closure.isClosed);
      await world.setConsumerTimeout(DEFAULT_TIMEOUT_MS, DEFAULT_CHECK_MS);
      expect(closure.code).toBe(406);
      expect(await remaining(world, queue)).toEqual(range(0, 5));
    },
  ],
  [
    'records in a rejected message where it was rejected, and how often',
    async (world) => {
      const connection = await world.connect();
      const [deadLetters, channel] = [await declareQueue(world, connection), await connection.createConfirmChannel()];
      const queue = `${deadLetters}.deaths`;
      const target = { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': deadLetters };
      await channel.assertQueue(queue, { durable: true, arguments: { 'x-queue-type': 'quorum', ...target } });
      await publish(channel, queue, 1);
      const consumed = await consume(channel, queue);
      const dead = await consume(await connection.createChannel(), deadLetters);
      for (let times = 1; times <= 2; times += 1) {
        await until(world, 'the message', () => consumed.deliveries.length === times);
        for (const delivery of consumed.deliveries.slice(-1)) channel.nack(delivery, false, false);
        await until(world, 'the dead letter', () => dead.deliveries.length === times);
        const headers: Readonly<Record<string, unknown>> = dead.deliveries.at(-1)?.properties.headers ?? {};
        expect(headers).toMatchObject({
          'x-death': [{ count: times, reason: 'rejected', queue, exchange: '', 'routing-keys': [queue] }],
          'x-first-death-exchange': '',
          'x-first-death-queue': queue,
          'x-first-death-reason': 'rejected',
        });
        if (times === 1) channel.publish('', queue, Buffer.from('0'), { headers });
      }
    },
  ],
  [
    'keeps what it confirmed when it is killed, and returns what consumers held first and in order',
    async (world) => {
      const { connection, queue } = await stocked(world, 20);
      const channel = await connection.createChannel();
      const closure = closureOf(channel);
      const consumed = await consume(channel, queue, 5);
      await until(world, 'a window', () => consumed.deliveries.length === 5);
      for (const delivery of consumed.deliveries.slice(0, 2)) channel.ack(delivery);
      await until(world, 'the next messages', () => consumed.deliveries.length === 7);
      await delay(world.clock, QUIET_MS);
      await world.restartBroker();
      await until(world, 'the loss', () => closure.isClosed);
      expect(await remaining(world, queue)).toEqual(range(2, 20));
    },
  ],
  [
    'ends a channel that waits for a queue that does not answer when it is killed: what its consumers held is delivered to others as soon as it has started again',
    async (world) => {
      const { connection, channel, stalled, healthy } = await twoQueues(world);
      await publish(channel, healthy, 2);
      const waiting = await connection.createChannel();
      const held = await consume(waiting, healthy);
      await until(world, 'the messages', () => held.deliveries.length === 2);
      await world.stallQueue(stalled);
      waiting.get(stalled).catch(() => undefined);
      await delay(world.clock, QUIET_MS);
      await world.restartBroker();
      const next = await consume(await (await world.connect()).createChannel(), healthy);
      await until(world, 'what the channel held', () => next.deliveries.length === 2);
    },
  ],
  [
    'loses the Raft group of a queue, and with it all messages, if it is killed within a moment of the declaration: the queue exists, reports zeros, and never answers',
    async (world) => {
      const { connection, queue } = await stockedAndKilled(world);
      const channel = await connection.createChannel();
      expect(await channel.checkQueue(queue)).toMatchObject({ messageCount: 0, consumerCount: 0 });
      const again = await connection.createChannel();
      await again.assertQueue(queue, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
      expect(await isSettled(world, channel.get(queue))).toBe(false);
    },
  ],
  [
    'returns what the consumers of a connection hold that broke silently only once it has missed two heartbeats; so does the client learn of it',
    async (world) => {
      const { connection, queue } = await stocked(world, 3);
      const fragile = await world.connectFragile(HEARTBEAT_MS);
      const channel = await fragile.connection.createChannel();
      const closure = closureOf(channel);
      const held = await consume(channel, queue);
      await until(world, 'the messages', () => held.deliveries.length === 3);
      const next = await consume(await connection.createChannel(), queue);
      const before = world.clock.monotonic();
      fragile.breakSilently(undefined);
      await until(world, 'the takeover', () => next.deliveries.length === 3);
      // The last one came up to an interval before.
      expect(world.clock.monotonic() - before).toBeGreaterThan(HEARTBEAT_MS);
      await until(world, 'the end', () => closure.isClosed);
      expect(world.clock.monotonic() - before).toBeGreaterThan(HEARTBEAT_MS);
    },
  ],
  [
    'still takes what a connection sent before it broke if the network delivers it later, in order, even if it was published again meanwhile',
    async (world) => {
      const { connection, queue } = await stocked(world, 0);
      const fragile = await world.connectFragile(HEARTBEAT_MS);
      const channel = await fragile.connection.createConfirmChannel();
      publish(channel, queue, 3).catch(() => undefined);
      fragile.breakSilently(HEARTBEAT_MS / 2);
      await publish(await connection.createConfirmChannel(), queue, 3);
      const consumed = await consume(await connection.createChannel(), queue);
      await until(world, 'all messages', () => consumed.deliveries.length === 6);
      expect(consumed.numbers()).toEqual([0, 1, 2, 0, 1, 2]);
      expect(consumed.deliveries.some(({ fields }) => fields.redelivered)).toBe(false);
    },
  ],
];

async function stockedAndKilled(world: ContractWorld) {
  const before = await world.connect();
  const queue = await declareQueue(world, before, { isLane: false, hasDeliveryLimit: false });
  await publish(await before.createConfirmChannel(), queue, 1);
  await world.restartBrokerEarly();
  return { connection: await world.connect(), queue };
}
