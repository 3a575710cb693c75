import { delay } from '@pdaltagent/clock';
import {
  type ClusterCase,
  LEADER,
  OTHER,
  outcomesOf,
  publishOnceElected,
  stockedCluster,
  THIRD,
} from './contract-cluster.fixture';
import {
  attempt,
  attemptCancel,
  results,
  consume,
  declareQueue,
  isSettled,
  publish,
  range,
  remaining,
  until,
} from './contract.fixture';

/** Longer than a client with more than 32 unconfirmed messages waits. */
const SEND_AGAIN_MS = 12_000;

/** What a node does that does not reach a queue's leader. */
export const CUT_OFF: readonly ClusterCase[] = [
  [
    'loses what a channel publishes while its node is cut off from the leader, and confirms nothing further until 32 are unconfirmed: 10 s later all arrive, once and in order',
    async (world) => {
      const { other, queue } = await stockedCluster(world, 1);
      const channel = await other.createConfirmChannel();
      await publish(channel, queue, 1, 1);
      await world.isolate(OTHER);
      const lost = publish(channel, queue, 3, 2);
      expect(await isSettled(world, lost)).toBe(false);
      await world.heal();
      const further = publish(channel, queue, 1, 5);
      expect(await isSettled(world, further)).toBe(false);
      await publish(await other.createConfirmChannel(), queue, 1, 100);
      const many = publish(channel, queue, 35, 6);
      const before = world.clock.monotonic();
      await Promise.all([lost, further, many]);
      expect(world.clock.monotonic() - before).toBeGreaterThan(5_000);
      expect(await remaining(world, queue)).toEqual([0, 1, 100, ...range(2, 41)]);
    },
  ],
  [
    'sends messages that were lost while its node was cut off again every 10 s once more than 32 are unconfirmed, until it finds the leader',
    async (world) => {
      const { other, queue } = await stockedCluster(world, 1);
      const channel = await other.createConfirmChannel();
      await publish(channel, queue, 1, 1);
      await world.isolate(OTHER);
      const lost = publish(channel, queue, 40, 2);
      await delay(world.clock, SEND_AGAIN_MS);
      await world.heal();
      await lost;
      expect(await remaining(world, queue)).toEqual(range(0, 42));
    },
  ],
  [
    'sends what was lost while its node was cut off again with its next command if another leader was elected meanwhile',
    async (world) => {
      const { connection, other, queue } = await stockedCluster(world, 1);
      const channel = await other.createConfirmChannel();
      await publish(channel, queue, 1, 1);
      await world.isolate(OTHER);
      const lost = publish(channel, queue, 3, 2);
      await world.changeLeader(queue, THIRD);
      await publishOnceElected(world, connection, queue, 100);
      await world.heal();
      expect(await isSettled(world, lost)).toBe(false);
      await publish(channel, queue, 1, 5);
      await lost;
      expect(await remaining(world, queue)).toEqual([0, 1, 100, ...range(2, 6)]);
    },
  ],
  [
    'refuses the first message of a channel on a node that does not reach the leader, reports zeros, closes the connection of a request for one message at once (541), and that of a subscription or its end after 65 s',
    async (world) => {
      const { connection, other, queue } = await stockedCluster(world, 5);
      const empty = await declareQueue(world, connection, { isLane: false });
      const [channel, counting] = [await other.createConfirmChannel(), await other.createChannel()];
      const immediate = [
        await attempt(world, (requesting) => requesting.get(queue), OTHER),
        await attempt(world, (requesting) => requesting.get(empty), OTHER),
      ];
      const waiting = [
        await attempt(world, (consuming) => consuming.consume(queue, () => undefined), OTHER),
        await attemptCancel(world, queue, OTHER),
      ];
      await world.isolate(OTHER);
      const outcomes = outcomesOf(channel, queue, 1);
      await until(world, 'the refusal', () => outcomes.length === 1);
      expect(outcomes).toEqual(['refused']);
      expect(await counting.checkQueue(queue)).toMatchObject({ messageCount: 0, consumerCount: 0 });
      expect(await results(immediate)).toEqual(immediate.map(() => '541 at once'));
      expect(await results(waiting)).toEqual(waiting.map(() => '541 after 65 s'));
    },
  ],
  [
    'reports on the node of a former leader that is cut off what that reported before, confirms nothing there, and answers no request: 65 s later it refuses the first messages of channels and closes the connections of all other requests (541)',
    async (world) => {
      const { connection, other, queue } = await stockedCluster(world, 5);
      const empty = await declareQueue(world, connection, { isLane: false });
      const consumed = await consume(await connection.createChannel(), queue, 2);
      await until(world, 'a window', () => consumed.deliveries.length === 2);
      const channel = await connection.createConfirmChannel();
      await publish(channel, queue, 1, 5);
      const [first, counting] = [await connection.createConfirmChannel(), await connection.createChannel()];
      const waiting = [
        await attempt(world, (requesting) => requesting.get(queue)),
        await attempt(world, (requesting) => requesting.get(empty)),
        await attempt(world, (consuming) => consuming.consume(queue, () => undefined)),
        await attemptCancel(world, queue),
      ];
      const reported = { messageCount: 4, consumerCount: 1 };
      expect(await counting.checkQueue(queue)).toMatchObject(reported);
      await world.isolate(LEADER);
      const unconfirmed = publish(channel, queue, 2, 6);
      const outcomes = outcomesOf(first, queue, 1);
      const ends = results(waiting);
      await publishOnceElected(world, other, queue, 100);
      expect(await (await other.createChannel()).checkQueue(queue)).toMatchObject({ messageCount: 7 });
      expect(await counting.checkQueue(queue)).toMatchObject(reported);
      expect(await isSettled(world, unconfirmed)).toBe(false);
      expect(outcomes).toEqual([]);
      expect(await ends).toEqual(waiting.map(() => '541 after 65 s'));
      await until(world, 'the refusal', () => outcomes.length === 1);
      expect(outcomes).toEqual(['refused']);
      expect(await counting.checkQueue(queue)).toMatchObject(reported);
      await world.heal();
      await publish(channel, queue, 1, 8);
      await unconfirmed;
      for (const each of [connection, other]) await each.close();
      // When its node was back, the subscription that had ended meanwhile got everything, for a moment.
      expect(await remaining(world, queue)).toEqual([...range(2, 6), 100, 0, 1, ...range(6, 9)]);
    },
  ],
  [
    'reports on the node of a leader without a majority what that reported before, and goes on once another node has started, with everything that was published meanwhile and the consumers that it had',
    async (world) => {
      const { connection, queue } = await stockedCluster(world, 5);
      const killed = await world.connect(OTHER);
      const elsewhere = await declareQueue(world, killed, { isLane: false });
      const consuming = await connection.createChannel();
      const consumed = await consume(consuming, queue, 2);
      await until(world, 'a window', () => consumed.deliveries.length === 2);
      const channel = await connection.createConfirmChannel();
      for (const name of [queue, elsewhere]) await publish(channel, name, 1, 5);
      const [first, counting] = [await connection.createConfirmChannel(), await connection.createChannel()];
      const immediate = [await attempt(world, (requesting) => requesting.get(elsewhere))];
      const waiting = [
        await attempt(world, (requesting) => requesting.get(queue)),
        await attempt(world, (subscribing) => subscribing.consume(elsewhere, () => undefined)),
      ];
      for (const node of [OTHER, THIRD]) await world.killNode(node);
      const unconfirmed = Promise.all([publish(channel, queue, 2, 6), publish(channel, elsewhere, 2, 6)]);
      const outcomes = outcomesOf(first, elsewhere, 1);
      await until(world, 'the refusal', () => outcomes.length === 1);
      expect(outcomes).toEqual(['refused']);
      expect(await results(immediate)).toEqual(['541 at once']);
      expect(await counting.checkQueue(queue)).toMatchObject({ messageCount: 4, consumerCount: 1 });
      expect(await counting.checkQueue(elsewhere)).toMatchObject({ messageCount: 0, consumerCount: 0 });
      for (const delivery of consumed.deliveries) consuming.ack(delivery);
      expect(await results(waiting)).toEqual(waiting.map(() => '541 after 65 s'));
      expect(await isSettled(world, unconfirmed)).toBe(false);
      expect(consumed.deliveries).toHaveLength(2);
      await world.startNode(OTHER);
      await unconfirmed;
      await until(world, 'the next window', () => consumed.deliveries.length === 4);
      expect(consumed.numbers()).toEqual(range(0, 4));
      await consuming.close();
      expect(await remaining(world, queue)).toEqual(range(2, 8));
      expect(await remaining(world, elsewhere)).toEqual(range(5, 8));
      await world.startNode(THIRD);
    },
  ],
  [
    'demotes, if two nodes lose each other, the consumers of at least one of the two, even if the leader is on the third one, which both reach again',
    async (world) => {
      const connection = await world.connect(LEADER);
      const lanes = [OTHER, THIRD].map(async (node) => {
        const queue = await declareQueue(world, connection);
        const channel = await (await world.connect(node)).createConfirmChannel();
        await publish(channel, queue, 4);
        const active = await consume(channel, queue, 2);
        await until(world, 'a window', () => active.deliveries.length === 2);
        return { queue, channel, next: await consume(await connection.createChannel(), queue, 64) };
      });
      const [first, second] = await Promise.all(lanes);
      if (first === undefined || second === undefined) return;
      await world.separate(OTHER, THIRD);
      await until(world, 'a takeover', () => [first, second].some(({ next }) => next.deliveries.length === 4));
      for (const { queue, channel } of [first, second]) await publish(channel, queue, 1, 4);
    },
  ],
  [
    'cannot declare a quorum queue on a node without a majority: it closes the connection after 15 s (541)',
    async (world) => {
      const name = world.newQueueName();
      const declaring = await world.connect(OTHER);
      const failure: { code?: unknown } = {};
      declaring.on('error', (error: Error & { readonly code?: unknown }) => (failure.code = error.code));
      const channel = await declaring.createChannel();
      await world.isolate(OTHER);
      const before = world.clock.monotonic();
      await expect(
        channel.assertQueue(name, { durable: true, arguments: { 'x-queue-type': 'quorum' } }),
      ).rejects.toThrow(Error);
      expect(world.clock.monotonic() - before).toBeGreaterThan(14_000);
      expect(failure.code).toBe(541);
      await world.heal();
      const checking = await (await world.connect()).createChannel();
      checking.on('error', () => undefined);
      await expect(checking.checkQueue(name)).rejects.toMatchObject({ code: 404 });
    },
  ],
];
