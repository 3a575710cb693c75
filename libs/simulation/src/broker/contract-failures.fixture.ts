import {
  closureOf,
  consume,
  type ContractCase,
  declareLane,
  publish,
  QUIET_MS,
  range,
  remaining,
  until,
} from './contract.fixture';
import { delay } from '@pdaltagent/clock';

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
      const connection = await world.connect();
      const queue = await declareLane(world, connection);
      await publish(await connection.createConfirmChannel(), queue, 5);
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
      const [deadLetters, channel] = [await declareLane(world, connection), await connection.createConfirmChannel()];
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
      const connection = await world.connect();
      connection.on('error', () => undefined);
      const queue = await declareLane(world, connection);
      await publish(await connection.createConfirmChannel(), queue, 20);
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
];
