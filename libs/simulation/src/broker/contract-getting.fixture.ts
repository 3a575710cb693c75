import { delay } from '@pdaltagent/clock';
import { type Channel, type GetMessage } from 'amqplib';
import {
  closureOf,
  type ContractCase,
  declareQueue,
  isSettled,
  publish,
  QUIET_MS,
  remaining,
  stocked,
} from './contract.fixture';

async function get(channel: Channel, queue: string): Promise<GetMessage> {
  const message = await channel.get(queue);
  if (message === false) throw new Error(`${queue} is empty`);
  return message;
}

/** Requests for one message (basic.get). */
export const GETTING: readonly ContractCase[] = [
  [
    'answers a request with the next message and the number of those that remain ready, or with none; what is not settled returns when the channel closes',
    async (world) => {
      const { connection, queue } = await stocked(world, 3, { isLane: false });
      const channel = await connection.createChannel();
      const [first, second] = [await get(channel, queue), await get(channel, queue)];
      expect([first, second].map(({ content }) => Number(content))).toEqual([0, 1]);
      expect(first.fields).toMatchObject({ redelivered: false, messageCount: 2 });
      expect(first.properties.headers).toMatchObject({ 'x-delivery-count': 0 });
      // Who holds a message counts as a consumer.
      expect(await channel.checkQueue(queue)).toMatchObject({ messageCount: 1, consumerCount: 2 });
      channel.ack(first);
      await channel.close();
      const next = await connection.createChannel();
      const returned = await get(next, queue);
      expect([Number(returned.content), returned.fields.redelivered]).toEqual([1, true]);
      expect(returned.properties.headers).toMatchObject({ 'x-delivery-count': 1 });
      await next.get(queue, { noAck: true });
      expect(await next.get(queue)).toBe(false);
      await next.close();
      expect(await remaining(world, queue)).toEqual([1]);
    },
  ],
  [
    'closes the channel of a request to a queue with a single active consumer (405), or to one that does not exist (404)',
    async (world) => {
      const { connection, queue } = await stocked(world, 1);
      for (const [name, code] of [
        [queue, 405],
        ['no.such.queue', 404],
      ] as const) {
        const channel = await connection.createChannel();
        const closure = closureOf(channel);
        await expect(channel.get(name)).rejects.toMatchObject({ code });
        expect(closure).toEqual({ isClosed: true, code });
      }
      expect(await remaining(world, queue)).toEqual([0]);
    },
  ],
  [
    'answers a request during an alarm, but not on a connection that has published during it; afterwards the request may overtake what was published before',
    async (world) => {
      const { connection, queue } = await stocked(world, 0, { isLane: false });
      const channel = await connection.createConfirmChannel();
      await world.setAlarm(true);
      await delay(world.clock, QUIET_MS);
      for (let times = 0; times < 2; times += 1) expect(await channel.get(queue)).toBe(false);
      const confirmed = publish(channel, queue, 1);
      const reply = channel.get(queue);
      expect(await isSettled(world, reply)).toBe(false);
      await world.setAlarm(false);
      await confirmed;
      const message = await reply;
      expect(message === false || Number(message.content) === 0).toBe(true);
    },
  ],
  [
    'answers a request only once the queue answers, whatever its type, while a passive declaration reports zeros after a quarter of a second',
    async (world) => {
      const connection = await world.connect();
      for (const isLane of [true, false]) {
        const queue = await declareQueue(world, connection, { isLane });
        const [channel, counting] = [await connection.createChannel(), await connection.createChannel()];
        channel.on('error', () => undefined);
        await world.stallQueue(queue);
        const reply = channel.get(queue).catch(({ code }: Error & { readonly code?: unknown }) => code);
        const before = world.clock.monotonic();
        expect(await counting.checkQueue(queue)).toMatchObject({ messageCount: 0, consumerCount: 0 });
        expect(world.clock.monotonic() - before).toBeGreaterThan(240);
        expect(await isSettled(world, reply)).toBe(false);
        await world.resumeQueue(queue);
        expect(await reply).toBe(isLane ? 405 : false);
      }
    },
  ],
];
