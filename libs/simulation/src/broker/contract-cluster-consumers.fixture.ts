import { delay } from '@pdaltagent/clock';
import { type ClusterCase, LEADER, OTHER, stockedCluster } from './contract-cluster.fixture';
import { closureOf, consume, declareQueue, publish, QUIET_MS, range, remaining, until } from './contract.fixture';

/** What becomes of consumers whose node is cut off. */
export const CONSUMERS: readonly ClusterCase[] = [
  [
    'gives a lane to the next consumer if the node of the active one is cut off, which gets no notice, and whose acknowledgements are ignored; once its node is back it waits after all others',
    async (world) => {
      const { connection, other, queue } = await stockedCluster(world, 6);
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
      await publish(channel, await declareQueue(world, other), 1);
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
      const { other, queue } = await stockedCluster(world, 5);
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
    'takes no acknowledgement of a channel any more once more than 32 were lost while its node was cut off from the leader, so that the channel gets nothing further; after fewer it goes on',
    async (world) => {
      const { connection, other, queue } = await stockedCluster(world, 100);
      const goesOn = await declareQueue(world, connection);
      await publish(await connection.createConfirmChannel(), goesOn, 100);
      const [channel, another] = [await other.createChannel(), await other.createChannel()];
      const [stuck, free] = [await consume(channel, queue, 64), await consume(another, goesOn, 64)];
      await until(world, 'the windows', () => [stuck, free].every(({ deliveries }) => deliveries.length === 64));
      await world.isolate(OTHER);
      await delay(world.clock, QUIET_MS);
      for (const delivery of stuck.deliveries.slice(0, 33)) channel.ack(delivery);
      for (const delivery of free.deliveries.slice(0, 31)) another.ack(delivery);
      await delay(world.clock, QUIET_MS);
      await world.heal();
      await until(world, 'the windows again', () => [stuck, free].every(({ deliveries }) => deliveries.length === 128));
      for (const delivery of stuck.deliveries.slice(64)) channel.ack(delivery);
      for (const delivery of free.deliveries.slice(64)) another.ack(delivery);
      await until(world, 'everything', () => free.deliveries.length === 164);
      await delay(world.clock, QUIET_MS);
      expect(stuck.deliveries).toHaveLength(128);
      await channel.close();
      expect(await remaining(world, queue)).toEqual(range(0, 100));
    },
  ],
  [
    'takes a lane from a consumer whose node was the leader and is cut off, and gives it to one on another node',
    async (world) => {
      const { connection, other, queue } = await stockedCluster(world, 5);
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
