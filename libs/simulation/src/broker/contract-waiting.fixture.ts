import { delay } from '@pdaltagent/clock';
import {
  attempt,
  attemptCancel,
  consume,
  type ContractCase,
  declareQueue,
  isSettled,
  publish,
  remaining,
  results,
  stocked,
  twoQueues,
  until,
  WAIT_MS,
  OVERDUE_MS,
  QUIET_MS,
} from './contract.fixture';

/** What takes more than a minute with a real broker. */
export const WAITING: readonly ContractCase[] = [
  [
    'refuses the first message of a channel for a queue that does not answer after 65 s, and so each further one, which waits as long; what it refused never reaches the queue',
    async (world) => {
      const { channel, stalled, healthy } = await twoQueues(world);
      await world.stallQueue(stalled);
      const before = world.clock.monotonic();
      await expect(publish(channel, stalled, 1)).rejects.toThrow(Error);
      expect(world.clock.monotonic() - before).toBeGreaterThan(WAIT_MS);
      await publish(channel, healthy, 1);
      const [waiting, behind] = [publish(channel, stalled, 1, 1), publish(channel, healthy, 1, 1)];
      expect(await isSettled(world, behind)).toBe(false);
      await world.resumeQueue(stalled);
      await Promise.all([waiting, behind]);
      await publish(channel, stalled, 1, 2);
      expect(await remaining(world, stalled)).toEqual([1, 2]);
    },
  ],
  [
    'closes the connection of a subscription, of its end, and of a request for one message if the queue does not answer for 65 s (541)',
    async (world) => {
      const connection = await world.connect();
      const [lane, queue] = [
        await declareQueue(world, connection),
        await declareQueue(world, connection, { isLane: false }),
      ];
      const attempts = [
        await attempt(world, (channel) => channel.consume(lane, () => undefined)),
        await attemptCancel(world, lane),
        await attempt(world, (channel) => channel.get(lane)),
        await attempt(world, (channel) => channel.get(queue)),
      ];
      await world.stallQueue(lane);
      await world.stallQueue(queue);
      const ends = await results(attempts);
      await world.resumeQueue(lane);
      await world.resumeQueue(queue);
      expect(ends).toEqual(attempts.map(() => '541 after 65 s'));
    },
  ],
  [
    'never answers that a channel or a connection is closed on which a request waits for a queue that does not answer: after 65 s the connection is gone',
    async (world) => {
      const { queue } = await stocked(world, 0, { isLane: false });
      await world.stallQueue(queue);
      const ended: string[] = [];
      const settled: string[] = [];
      for (const what of ['channel', 'connection'] as const) {
        const connection = await world.connect();
        connection.on('close', () => ended.push(what));
        const channel = await connection.createChannel();
        channel.get(queue).catch(() => undefined);
        await delay(world.clock, QUIET_MS);
        void (what === 'channel' ? channel : connection).close().finally(() => settled.push(what));
      }
      const before = world.clock.monotonic();
      await until(world, 'the end of the connections', () => ended.length === 2, OVERDUE_MS);
      expect(world.clock.monotonic() - before).toBeGreaterThan(WAIT_MS);
      expect(settled).toEqual([]);
      await world.resumeQueue(queue);
    },
  ],
  [
    'returns what the consumers of a channel hold whose connection broke only once the channel does not wait for a queue any more, 65 s at most; other channels of that connection end at once',
    async (world) => {
      const { connection, channel, stalled, healthy } = await twoQueues(world);
      const waiting = await declareQueue(world, connection);
      for (const queue of [healthy, waiting]) await publish(channel, queue, 2);
      const broken = await world.connect();
      const [hanging, other] = [await broken.createChannel(), await broken.createChannel()];
      const held = [await consume(hanging, waiting), await consume(other, healthy)];
      await until(world, 'the messages', () => held.every(({ deliveries }) => deliveries.length === 2));
      await world.stallQueue(stalled);
      hanging.get(stalled).catch(() => undefined);
      await delay(world.clock, QUIET_MS);
      world.cut(broken);
      const before = world.clock.monotonic();
      const [late, soon] = [
        await consume(await connection.createChannel(), waiting),
        await consume(await connection.createChannel(), healthy),
      ];
      await until(world, 'what the other channel held', () => soon.deliveries.length === 2);
      expect(late.deliveries).toEqual([]);
      await until(world, 'what the channel held', () => late.deliveries.length === 2, OVERDUE_MS);
      expect(world.clock.monotonic() - before).toBeGreaterThan(WAIT_MS);
      await world.resumeQueue(stalled);
    },
  ],
];
