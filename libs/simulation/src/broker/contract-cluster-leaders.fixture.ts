import { delay } from '@pdaltagent/clock';
import { type Channel } from 'amqplib';
import { type ClusterCase, LEADER, OTHER, outcomesOf, publishOnceElected } from './contract-cluster.fixture';
import {
  attempt,
  consume,
  declareQueue,
  publish,
  QUIET_MS,
  range,
  remaining,
  results,
  until,
} from './contract.fixture';

/** What happens if a queue gets another leader. */
export const LEADERS: readonly ClusterCase[] = [
  [
    'confirms everything, delivers everything once and in order, and loses no acknowledgement if another leader takes over, or the node of the leader is killed',
    async (world) => {
      const connection = await world.connect(OTHER);
      const queue = await declareQueue(world, await world.connect(LEADER));
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
      await delay(world.clock, QUIET_MS);
      await consuming.close();
      expect(await remaining(world, queue)).toEqual([]);
      await world.startNode(2);
    },
  ],
  [
    'refuses whatever a channel publishes that first published when the node of the leader had just been killed, until that node is back; a new channel works',
    async (world) => {
      const [connection, killed] = [await world.connect(OTHER), await world.connect(LEADER)];
      const queue = await declareQueue(world, killed);
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
  [
    'closes the connection of a request for one message (541) if the node of the leader that its channel knows was killed, even once another leader was elected; then a new channel works, and so does one that has published to the queue; if the leader handed over, so does any',
    async (world) => {
      const [connection, killed] = [await world.connect(OTHER), await world.connect(LEADER)];
      const queue = await declareQueue(world, killed, { isLane: false });
      const get = (channel: Channel): Promise<unknown> => channel.get(queue);
      const [knowing, other, handedOver] = [
        await attempt(world, get, OTHER),
        await attempt(world, get, OTHER),
        await attempt(world, get, OTHER),
      ];
      expect(await results([knowing, other, handedOver])).toEqual(['answered', 'answered', 'answered']);
      const published = await connection.createConfirmChannel();
      await publish(published, queue, 1);
      await published.get(queue, { noAck: true });
      await world.killNode(LEADER);
      expect(await knowing()).toBe('541 at once');
      await publishOnceElected(world, connection, queue, 0);
      const channel = await connection.createChannel();
      expect(await channel.get(queue, { noAck: true })).toMatchObject({ content: Buffer.from('0') });
      expect(await channel.get(queue)).toBe(false);
      expect(await published.get(queue)).toBe(false);
      expect(await other()).toBe('541 at once');
      await world.startNode(LEADER);
      expect(await handedOver()).toBe('answered');
      await world.changeLeader(queue, LEADER);
      expect(await handedOver()).toBe('answered');
      expect(await channel.get(queue)).toBe(false);
    },
  ],
];
