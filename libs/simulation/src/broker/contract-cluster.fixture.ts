import { delay } from '@pdaltagent/clock';
import { type ChannelModel } from 'amqplib';
import { type ClusterWorld } from './contract-world.fixture';
import {
  closureOf,
  consume,
  declareLane,
  isSettled,
  publish,
  QUIET_MS,
  range,
  remaining,
  until,
} from './contract.fixture';

export type ClusterCase = readonly [behaviour: string, test: (world: ClusterWorld) => Promise<void>];

/** The queue's leader is on this node, unless the case says otherwise. */
const LEADER = 0;
const OTHER = 1;

/** Whether each of some messages is confirmed or refused, in the order of the replies. */
function outcomesOf(channel: Awaited<ReturnType<ChannelModel['createConfirmChannel']>>, queue: string, count: number) {
  const outcomes: ('confirmed' | 'refused')[] = [];
  for (let index = 0; index < count; index += 1)
    channel.publish('', queue, Buffer.from('x'), {}, (error: unknown) =>
      outcomes.push(error === null ? 'confirmed' : 'refused'),
    );
  return outcomes;
}

const CONSUMERS: ClusterCase[] = [
  [
    'gives a lane to the next consumer if the node of the active one is cut off, which gets no notice, and whose acknowledgements are ignored; once its node is back it waits after all others',
    async (world) => {
      const [connection, other] = [await world.connect(LEADER), await world.connect(OTHER)];
      const queue = await declareLane(world, connection);
      await publish(await connection.createConfirmChannel(), queue, 6);
      const channel = await other.createConfirmChannel();
      const closure = closureOf(channel);
      const demoted = await consume(channel, queue, 3);
      await until(world, 'a window', () => demoted.deliveries.length === 3);
      const [next, last] = [await connection.createChannel(), await connection.createChannel()];
      const [second, third] = [await consume(next, queue, 4), await consume(last, queue, 64)];
      await world.isolate(OTHER);
      await until(world, 'the takeover', () => second.deliveries.length === 4);
      expect(second.numbers()).toEqual(range(0, 4));
      expect(second.deliveries.map(({ fields }) => fields.redelivered)).toEqual([true, true, true, false]);
      await world.heal();
      for (const delivery of demoted.deliveries) channel.ack(delivery);
      await delay(world.clock, QUIET_MS);
      expect(demoted.deliveries).toHaveLength(3);
      expect(closure.isClosed).toBe(false);
      // Its confirms go on.
      await publish(channel, await declareLane(world, other), 1);
      await next.close();
      await until(world, 'the next takeover', () => third.deliveries.length === 6);
      expect(third.numbers()).toEqual(range(0, 6));
      await last.close();
      await until(world, 'the window of the first', () => demoted.deliveries.length === 6);
      expect(demoted.numbers()).toEqual([0, 1, 2, 0, 1, 2]);
    },
  ],
  [
    'delivers to the only consumer again what it holds if its node was cut off, and ignores acknowledgements of the deliveries before',
    async (world) => {
      const [connection, other] = [await world.connect(LEADER), await world.connect(OTHER)];
      const queue = await declareLane(world, connection);
      await publish(await connection.createConfirmChannel(), queue, 5);
      const channel = await other.createChannel();
      const consumed = await consume(channel, queue, 3);
      await until(world, 'a window', () => consumed.deliveries.length === 3);
      await world.isolate(OTHER);
      await delay(world.clock, QUIET_MS);
      await world.heal();
      await until(world, 'the window again', () => consumed.deliveries.length === 6);
      expect(consumed.numbers()).toEqual([0, 1, 2, 0, 1, 2]);
      for (const delivery of consumed.deliveries.slice(0, 3)) channel.ack(delivery);
      await delay(world.clock, QUIET_MS);
      expect(consumed.deliveries).toHaveLength(6);
      await channel.close();
      expect(await remaining(world, queue)).toEqual(range(0, 5));
    },
  ],
  [
    'takes a lane from a consumer whose node was the leader and is cut off, and gives it to one on another node',
    async (world) => {
      const [connection, other] = [await world.connect(LEADER), await world.connect(OTHER)];
      const queue = await declareLane(world, connection);
      await publish(await connection.createConfirmChannel(), queue, 5);
      const channel = await connection.createChannel();
      const demoted = await consume(channel, queue, 3);
      await until(world, 'a window', () => demoted.deliveries.length === 3);
      const second = await consume(await other.createChannel(), queue, 64);
      await world.isolate(LEADER);
      await until(world, 'the takeover', () => second.deliveries.length === 5);
      expect(second.numbers()).toEqual(range(0, 5));
      for (const delivery of demoted.deliveries) channel.ack(delivery);
      await world.heal();
      await delay(world.clock, QUIET_MS);
      expect(demoted.deliveries).toHaveLength(3);
      await other.close();
      await until(world, 'the window again', () => demoted.deliveries.length === 6);
      expect(demoted.numbers()).toEqual([0, 1, 2, 0, 1, 2]);
    },
  ],
];

const LEADERS: ClusterCase[] = [
  [
    'confirms everything, delivers everything once and in order if another leader takes over, or the node of the leader is killed',
    async (world) => {
      const connection = await world.connect(OTHER);
      const queue = await declareLane(world, await world.connect(LEADER));
      const channel = await connection.createConfirmChannel();
      await publish(channel, queue, 1);
      const consuming = await connection.createChannel();
      const consumed = await consume(consuming, queue, 8);
      await until(world, 'the first message', () => consumed.deliveries.length === 1);
      const before = publish(channel, queue, 50, 1);
      await world.changeLeader(queue, 2);
      await before;
      const between = publish(channel, queue, 50, 51);
      await world.killNode(2);
      await between;
      await publish(channel, queue, 50, 101);
      let acknowledged = 0;
      await until(world, 'everything', () => {
        for (const delivery of consumed.deliveries.slice(acknowledged)) consuming.ack(delivery);
        acknowledged = consumed.deliveries.length;
        return acknowledged >= 151;
      });
      expect(consumed.numbers()).toEqual(range(0, 151));
      await world.startNode(2);
    },
  ],
  [
    'refuses whatever a channel publishes that first published when the node of the leader had just been killed, until that node is back; a new channel works',
    async (world) => {
      const [connection, killed] = [await world.connect(OTHER), await world.connect(LEADER)];
      killed.on('error', () => undefined);
      const queue = await declareLane(world, killed);
      const channel = await connection.createConfirmChannel();
      await world.killNode(LEADER);
      const outcomes = outcomesOf(channel, queue, 1);
      await until(world, 'the refusal', () => outcomes.length === 1);
      await delay(world.clock, 3_000);
      const later = outcomesOf(channel, queue, 2);
      await until(world, 'further refusals', () => later.length === 2);
      expect([...outcomes, ...later]).toEqual(['refused', 'refused', 'refused']);
      await publish(await connection.createConfirmChannel(), queue, 1);
      await world.startNode(LEADER);
      await publish(channel, queue, 1, 1);
      expect(await remaining(world, queue)).toEqual([0, 1]);
    },
  ],
];

const CUT_OFF: ClusterCase[] = [
  [
    'loses what a channel publishes while its node is cut off from the leader, and confirms nothing further until 32 are unconfirmed: 10 s later all arrive, once and in order',
    async (world) => {
      const [connection, other] = [await world.connect(LEADER), await world.connect(OTHER)];
      const queue = await declareLane(world, connection);
      const channel = await other.createConfirmChannel();
      await publish(channel, queue, 1);
      await world.isolate(OTHER);
      const lost = publish(channel, queue, 3, 1);
      expect(await isSettled(world, lost)).toBe(false);
      await world.heal();
      const further = publish(channel, queue, 1, 4);
      expect(await isSettled(world, further)).toBe(false);
      await publish(await other.createConfirmChannel(), queue, 1, 100);
      const many = publish(channel, queue, 35, 5);
      const before = world.clock.monotonic();
      await Promise.all([lost, further, many]);
      expect(world.clock.monotonic() - before).toBeGreaterThan(5_000);
      expect(await remaining(world, queue)).toEqual([0, 100, ...range(1, 40)]);
    },
  ],
  [
    'refuses the first message of a channel on a node that does not reach the leader, counts nothing, and closes the connection of a subscription after 65 s (541)',
    async (world) => {
      const [connection, other] = [await world.connect(LEADER), await world.connect(OTHER)];
      const queue = await declareLane(world, connection);
      await publish(await connection.createConfirmChannel(), queue, 5);
      const [channel, counting] = [await other.createConfirmChannel(), await other.createChannel()];
      const [subscribing, failed] = [await world.connect(OTHER), { code: undefined as unknown }];
      subscribing.on('error', (error: Error & { readonly code?: unknown }) => (failed.code = error.code));
      const consuming = await subscribing.createChannel();
      await world.isolate(OTHER);
      const outcomes = outcomesOf(channel, queue, 1);
      await until(world, 'the refusal', () => outcomes.length === 1);
      expect(outcomes).toEqual(['refused']);
      expect(await counting.checkQueue(queue)).toMatchObject({ messageCount: 0, consumerCount: 0 });
      const before = world.clock.monotonic();
      await expect(consuming.consume(queue, () => undefined)).rejects.toThrow(Error);
      expect(world.clock.monotonic() - before).toBeGreaterThan(60_000);
      expect(failed.code).toBe(541);
      await world.heal();
    },
  ],
];

/** What only a cluster shows. */
export const CLUSTER_CASES: readonly ClusterCase[] = [...CONSUMERS, ...LEADERS, ...CUT_OFF];
