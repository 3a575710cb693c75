import { delay } from '@pdaltagent/clock';
import { type ConsumeMessage } from 'amqplib';
import {
  closureOf,
  consume,
  declareQueue,
  type ContractCase,
  publish,
  QUIET_MS,
  range,
  remaining,
  stocked,
  until,
} from './contract.fixture';

const DELIVERY: ContractCase[] = [
  [
    'delivers what one channel published in the order of publishing',
    async (world) => {
      const { connection, queue } = await stocked(world, 300);
      const consumed = await consume(await connection.createChannel(), queue);
      await until(world, 'all messages', () => consumed.deliveries.length === 300);
      expect(consumed.numbers()).toEqual(range(0, 300));
      expect(consumed.deliveries.some(({ fields }) => fields.redelivered)).toBe(false);
    },
  ],
  [
    'gives a lane to one consumer, and after its channel closes to the next, what was returned first and in order',
    async (world) => {
      const { connection, queue } = await stocked(world, 10);
      const channel = await connection.createChannel();
      const first = await consume(channel, queue, 4);
      const second = await consume(await connection.createChannel(), queue, 64);
      await until(world, 'a window', () => first.deliveries.length === 4);
      const [oldest] = first.deliveries;
      if (oldest !== undefined) channel.ack(oldest);
      await until(world, 'the next message', () => first.deliveries.length === 5);
      expect(second.deliveries).toEqual([]);
      await channel.close();
      await until(world, 'the rest', () => second.deliveries.length === 9);
      expect(second.numbers()).toEqual(range(1, 10));
      expect(second.deliveries.map(({ fields }) => fields.redelivered)).toEqual([
        ...Array.from({ length: 4 }, () => true),
        ...Array.from({ length: 5 }, () => false),
      ]);
    },
  ],
  [
    'redelivers what consumers returned first, in the order of delivery, or last if the queue has no delivery limit',
    async (world) => {
      const connection = await world.connect();
      for (const hasDeliveryLimit of [true, false]) {
        const queue = await declareQueue(world, connection, { hasDeliveryLimit });
        await publish(await connection.createConfirmChannel(), queue, 6);
        const channel = await connection.createChannel();
        const consumed = await consume(channel, queue, 3);
        await until(world, 'a window', () => consumed.deliveries.length === 3);
        const [oldest] = consumed.deliveries;
        if (oldest !== undefined) channel.nack(oldest);
        await until(world, 'the next message', () => consumed.deliveries.length === 4);
        expect(consumed.numbers()).toEqual([0, 1, 2, hasDeliveryLimit ? 0 : 3]);
        await channel.close();
        expect(await remaining(world, queue)).toEqual(hasDeliveryLimit ? [1, 2, 0, 3, 4, 5] : [1, 2, 3, 4, 5, 0]);
      }
    },
  ],
  [
    'lets a cancelled consumer acknowledge what it holds, and returns the rest when its channel closes',
    async (world) => {
      const { connection, queue } = await stocked(world, 3);
      const channel = await connection.createChannel();
      const deliveries: ConsumeMessage[] = [];
      const { consumerTag } = await channel.consume(queue, (delivery) => delivery && void deliveries.push(delivery));
      await until(world, 'the messages', () => deliveries.length === 3);
      await channel.cancel(consumerTag);
      const [oldest] = deliveries;
      if (oldest !== undefined) channel.ack(oldest);
      await channel.close();
      expect(await remaining(world, queue)).toEqual([1, 2]);
    },
  ],
  [
    'moves a rejected message to the dead-letter exchange of its queue',
    async (world) => {
      const connection = await world.connect();
      const [deadLetters, channel] = [await declareQueue(world, connection), await connection.createConfirmChannel()];
      const queue = `${deadLetters}.rejecting`;
      const target = { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': deadLetters };
      await channel.assertQueue(queue, { durable: true, arguments: { 'x-queue-type': 'quorum', ...target } });
      await publish(channel, queue, 2);
      const consumed = await consume(channel, queue);
      await until(world, 'the messages', () => consumed.deliveries.length === 2);
      for (const delivery of consumed.deliveries) channel.nack(delivery, false, false);
      const dead = await consume(await connection.createChannel(), deadLetters);
      await until(world, 'the dead letters', () => dead.deliveries.length === 2);
      expect(dead.numbers()).toEqual([0, 1]);
    },
  ],
  [
    'copies a message to each queue of a fanout exchange, and deletes exclusive queues with their connection',
    async (world) => {
      const [connection, other] = [await world.connect(), await world.connect()];
      const channels = [await connection.createChannel(), await other.createChannel()];
      const names: string[] = [];
      const received: string[] = [];
      for (const channel of channels) {
        await channel.assertExchange('contract.status', 'fanout', { durable: true });
        const { queue } = await channel.assertQueue('', { exclusive: true, durable: false });
        names.push(queue);
        await channel.bindQueue(queue, 'contract.status', '');
        await channel.consume(queue, (delivery) => void received.push(String(delivery?.content)), { noAck: true });
      }
      channels[0]?.publish('contract.status', '', Buffer.from('hello'));
      await until(world, 'both copies', () => received.length === 2);
      await connection.close();
      const channel = channels[1];
      if (channel === undefined) return;
      const closure = closureOf(channel);
      await expect(channel.checkQueue(names[0] ?? '')).rejects.toMatchObject({ code: 404 });
      await until(world, 'the closure', () => closure.isClosed);
    },
  ],
];

const ACKNOWLEDGEMENTS: ContractCase[] = [
  [
    'forgets acknowledgements beyond 32 that its queue has not applied if their channel closes',
    async (world) => {
      const { connection, queue } = await stocked(world, 100);
      const channel = await connection.createChannel();
      const consumed = await consume(channel, queue);
      await until(world, 'all messages', () => consumed.deliveries.length === 100);
      await world.stallQueue(queue);
      for (const delivery of consumed.deliveries) channel.ack(delivery);
      void channel.close().catch(() => undefined);
      await delay(world.clock, QUIET_MS);
      await world.resumeQueue(queue);
      const left = await remaining(world, queue);
      expect(left.length).toBeGreaterThanOrEqual(60);
      expect(left).toEqual(range(100 - left.length, 100));
    },
  ],
  [
    'applies one acknowledgement of many messages before their channel closes',
    async (world) => {
      const { connection, queue } = await stocked(world, 100);
      const channel = await connection.createChannel();
      const consumed = await consume(channel, queue);
      await until(world, 'all messages', () => consumed.deliveries.length === 100);
      const newest = consumed.deliveries.at(-1);
      if (newest !== undefined) channel.ack(newest, true);
      await channel.close();
      expect(await remaining(world, queue)).toEqual([]);
    },
  ],
  [
    'has applied every acknowledgement once it has answered a subscription and its end after them',
    async (world) => {
      const { connection, queue } = await stocked(world, 100);
      const channel = await connection.createChannel();
      const consumed = await consume(channel, queue);
      await until(world, 'all messages', () => consumed.deliveries.length === 100);
      for (const delivery of consumed.deliveries) channel.ack(delivery);
      await channel.consume(queue, () => undefined, { consumerTag: 'z' });
      await channel.cancel('z');
      await channel.close();
      expect(await remaining(world, queue)).toEqual([]);
    },
  ],
  [
    'closes the channel that acknowledges a message twice (406), and returns what it held',
    async (world) => {
      const { connection, queue } = await stocked(world, 2);
      const channel = await connection.createChannel();
      const closure = closureOf(channel);
      const consumed = await consume(channel, queue);
      await until(world, 'the messages', () => consumed.deliveries.length === 2);
      const [oldest] = consumed.deliveries;
      for (let times = 0; times < 2; times += 1) if (oldest !== undefined) channel.ack(oldest);
      await until(world, 'the closure', () => closure.isClosed);
      expect(closure.code).toBe(406);
      expect(await remaining(world, queue)).toEqual([1]);
    },
  ],
];

export const CONSUMING: readonly ContractCase[] = [...DELIVERY, ...ACKNOWLEDGEMENTS];
