import { delay } from '@pdaltagent/clock';
import { IllegalOperationError } from 'amqplib';
import {
  closureOf,
  consume,
  declareQueue,
  isSettled,
  type ContractCase,
  publish,
  QUIET_MS,
  range,
  remaining,
  stocked,
  until,
} from './contract.fixture';

const MESSAGES: ContractCase[] = [
  [
    'returns a mandatory message that no queue takes, before it confirms it',
    async (world) => {
      const channel = await (await world.connect()).createConfirmChannel();
      const seen: string[] = [];
      channel.on('return', ({ properties }) => seen.push(`returned ${String(properties.messageId)}`));
      channel.publish('', 'no.such.queue', Buffer.from('x'), { mandatory: true, messageId: 'a' }, (error: unknown) =>
        seen.push(error === null ? 'confirmed' : 'refused'),
      );
      await until(world, 'the confirm', () => seen.length === 2);
      expect(seen).toEqual(['returned a', 'confirmed']);
    },
  ],
  [
    'closes the channel of a message for an exchange that does not exist (404), with nothing behind it confirmed',
    async (world) => {
      const connection = await world.connect();
      const queue = await declareQueue(world, connection);
      const channel = await connection.createConfirmChannel();
      const closure = closureOf(channel);
      const outcomes: string[] = [];
      const note = (error: unknown): void => void outcomes.push(error === null ? 'confirmed' : 'refused');
      channel.publish('no.such.exchange', 'x', Buffer.from('0'), {}, note);
      channel.publish('', queue, Buffer.from('1'), {}, note);
      await until(world, 'the closure', () => closure.isClosed);
      expect(closure.code).toBe(404);
      expect(outcomes).toEqual(['refused', 'refused']);
      expect(await remaining(world, queue)).toEqual([]);
      expect(() => channel.publish('', queue, Buffer.from('2'))).toThrow(IllegalOperationError);
      await expect(channel.checkQueue(queue)).rejects.toThrow(Error);
    },
  ],
  [
    'refuses to look at the default exchange (403), and at one that does not exist (404)',
    async (world) => {
      const connection = await world.connect();
      for (const [exchange, code] of [
        ['', 403],
        ['no.such.exchange', 404],
      ] as const) {
        const channel = await connection.createChannel();
        channel.on('error', () => undefined);
        await expect(channel.checkExchange(exchange)).rejects.toMatchObject({ code });
      }
    },
  ],
  [
    'closes the channel of a message that is too large (406), and no other',
    async (world) => {
      await world.setMaxMessageSize(1_000);
      const connection = await world.connect();
      const queue = await declareQueue(world, connection);
      const [channel, other] = [await connection.createConfirmChannel(), await connection.createConfirmChannel()];
      await world.setMaxMessageSize(134_217_728);
      const closure = closureOf(channel);
      channel.publish('', queue, Buffer.alloc(1_001));
      await until(world, 'the closure', () => closure.isClosed);
      expect(closure.code).toBe(406);
      await publish(other, queue, 1);
    },
  ],
  [
    'has no form for an id of more than 255 bytes: nothing is sent, and the channel remains usable',
    async (world) => {
      const connection = await world.connect();
      const queue = await declareQueue(world, connection);
      const channel = await connection.createConfirmChannel();
      const long = 'x'.repeat(256);
      expect(() => channel.publish('', queue, Buffer.from('0'), { messageId: long })).toThrow(Error);
      expect(() => channel.publish('', long, Buffer.from('0'))).toThrow(Error);
      await publish(channel, queue, 1, 1);
      expect(await remaining(world, queue)).toEqual([1]);
    },
  ],
  [
    'takes a prefix of what a connection sent before it was reset',
    async (world) => {
      const [connection, other] = [await world.connect(), await world.connect()];
      const queue = await declareQueue(world, other);
      const channel = await connection.createConfirmChannel();
      void publish(channel, queue, 200).catch(() => undefined);
      await delay(world.clock, 1);
      world.cut(connection);
      const left = await remaining(world, queue);
      expect(left).toEqual(range(0, left.length));
    },
  ],
  [
    'returns what a consumer holds whose connection was reset',
    async (world) => {
      const { connection, queue } = await stocked(world, 5);
      const consumed = await consume(await connection.createChannel(), queue);
      await until(world, 'the messages', () => consumed.deliveries.length === 5);
      world.cut(connection);
      expect(await remaining(world, queue)).toEqual(range(0, 5));
    },
  ],
];

const ALARMS: ContractCase[] = [
  [
    'blocks a connection that publishes during an alarm, answers nothing of it, and delivers to others',
    async (world) => {
      const [publishing, consuming] = [await world.connect(), await world.connect()];
      const queue = await declareQueue(world, publishing);
      const channel = await publishing.createConfirmChannel();
      await publish(channel, queue, 5);
      const events: string[] = [];
      publishing.on('blocked', () => events.push('blocked'));
      publishing.on('unblocked', () => events.push('unblocked'));
      await world.setAlarm(true);
      await delay(world.clock, QUIET_MS);
      await channel.checkQueue(queue);
      const confirmed = publish(channel, queue, 1, 5);
      await until(world, 'the notice', () => events.length === 1);
      const reply = channel.checkQueue(queue);
      expect(await isSettled(world, reply)).toBe(false);
      const consumed = await consume(await consuming.createChannel(), queue);
      await until(world, 'deliveries', () => consumed.deliveries.length >= 5);
      await world.setAlarm(false);
      await Promise.all([confirmed, reply]);
      expect(events).toEqual(['blocked', 'unblocked']);
      await until(world, 'everything', () => consumed.deliveries.length === 6);
      expect(consumed.numbers()).toEqual(range(0, 6));
    },
  ],
];

export const PUBLISHING: readonly ContractCase[] = [...MESSAGES, ...ALARMS];
