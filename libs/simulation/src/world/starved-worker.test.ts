import { delay, every } from '@pdaltagent/clock';
import { declareTopology, EVENTS, laneQueue, Publisher, STATUS_EXCHANGE } from '@pdaltagent/messaging';
import { SimulatedBroker } from '../broker/simulated-broker';
import { Scheduler } from '../scheduler';
import { SeededRandom } from '../seeded-random';
import { VirtualClock } from '../virtual-clock';
import { messageOf } from './event';
import { Network } from './network';
import { SimulatedPagerDuty } from './simulated-pagerduty';
import { SimulatedRedis } from './simulated-redis';
import { Worker } from './worker';

const LANE_GROUP = { ...EVENTS, lanes: 1, sidings: 1 };
/** `worker-1` connects to this node. */
const NODE = 1;
const OTHERS = [0, 2];
const LANE = laneQueue(LANE_GROUP, 0);
/** With it only the other node loses the third one for a moment, too, if two lose each other: the worker notices nothing else. */
const SEED = 4;
const EVENT_COUNT = 300;
const WITHIN_MS = 60_000;
const CHECK_MS = 50;
const LOG = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

async function until(clock: VirtualClock, condition: () => boolean): Promise<void> {
  const deadline = clock.monotonic() + WITHIN_MS;
  while (!condition() && clock.monotonic() < deadline) await delay(clock, CHECK_MS);
}

/** A worker, and a publisher, with a lane whose queues are led by one node. */
function world(leader: number) {
  const scheduler = new Scheduler(SEED, true);
  const clock = new VirtualClock(scheduler, 'test');
  const broker = new SimulatedBroker(scheduler);
  const network = new Network(scheduler, broker);
  const redis = new SimulatedRedis(scheduler);
  const pagerDuty = new SimulatedPagerDuty(scheduler, redis);
  const dependencies = {
    network,
    redis,
    pagerDuty,
    laneGroup: LANE_GROUP,
    concurrency: 64,
    hasJournal: false,
    renewAfterMs: () => undefined,
  };
  const worker = new Worker(scheduler, dependencies, 'worker-1');
  const publisher = new Publisher({
    url: 'amqp://simulated',
    name: 'publisher',
    laneGroup: LANE_GROUP,
    queueType: 'quorum',
    clock,
    random: new SeededRandom(1, 'publisher'),
    log: LOG,
    connect: () => {
      const connection = broker.connect('publisher', undefined, leader);
      return Promise.resolve({ connection, reset: () => connection.cut(0, 0) });
    },
  });
  return {
    broker,
    network,
    pagerDuty,
    worker,
    publisher,
    clock,
    run: (test: () => Promise<void>) =>
      scheduler.run(
        (async () => {
          const declaring = broker.connect('declares', undefined, leader);
          await declareTopology(declaring, LANE_GROUP, 'quorum', { clock, log: LOG });
          publisher.start();
          await delay(clock, 1_000);
          await test();
          await publisher.close();
        })(),
      ),
    publishEvents: (from = 0) => {
      const event = { routingKey: 'key', alert: 'alert', action: 'trigger' } as const;
      return Array.from({ length: EVENT_COUNT }, (_, index) =>
        publisher.publish(messageOf({ ...event, index: from + index }, 0, 0)),
      );
    },
    delivered: () => new Set(pagerDuty.processed.map(({ request }) => request.id)).size,
    left: () => scheduler.trace.flatMap((line) => /warn: (.*): leaving it/.exec(line)?.[1] ?? []),
  };
}

describe("a worker whose node loses that of a lane's leader for a moment", () => {
  it('delivers everything that waits although more than 32 of its acknowledgements were lost, so that RabbitMQ takes no further ones of its channel', async () => {
    const { run, publishEvents, broker, worker, pagerDuty, clock, delivered, left } = world(NODE);
    await run(async () => {
      // Its own node leads the other queues.
      await until(clock, () => {
        if (broker.leaderOf(LANE) === NODE) broker.changeLeader(LANE);
        return broker.leaderOf(LANE) !== NODE;
      });
      const pair = [NODE, broker.leaderOf(LANE) ?? NODE] as const;
      worker.start();
      await delay(clock, 3_000);
      const published = publishEvents();
      await until(clock, () => worker.held === LANE_GROUP.prefetch);
      broker.separate(pair);
      await Promise.all(published);
      await until(clock, () => worker.held === 0);
      expect(delivered()).toBeGreaterThan(32);
      expect(delivered()).toBeLessThan(EVENT_COUNT);
      broker.rejoin(pair);
      await until(clock, () => delivered() === EVENT_COUNT);
      expect(delivered()).toBe(EVENT_COUNT);
      expect(pagerDuty.processed).toHaveLength(EVENT_COUNT);
      expect(left()).toEqual(['acknowledgements of a lane were lost']);
    });
  });
});

describe('a worker to which the broker delivers nothing because nothing can be delivered', () => {
  it('keeps its lanes and its connection while their queues have no majority for minutes', async () => {
    const { run, publishEvents, broker, network, worker, pagerDuty, clock, delivered, left } = world(NODE);
    await run(async () => {
      worker.start();
      await delay(clock, 3_000);
      await Promise.all(publishEvents());
      await until(clock, () => delivered() > 0);
      for (const node of OTHERS) broker.killNode(node);
      await until(clock, () => worker.held === 0);
      expect(delivered()).toBeLessThan(EVENT_COUNT);
      await delay(clock, 150_000);
      for (const node of OTHERS) broker.startNode(node);
      await until(clock, () => delivered() === EVENT_COUNT);
      expect(delivered()).toBe(EVENT_COUNT);
      expect(pagerDuty.processed).toHaveLength(EVENT_COUNT);
      expect(network.errors).toEqual([]);
      expect(left()).toEqual([]);
    });
  });

  it('keeps a lane whose window is full of messages that it cannot read, while an alarm keeps it from burying them', async () => {
    const { run, broker, worker, publisher, clock, left } = world(NODE);
    await run(async () => {
      const unreadable = Array.from({ length: 2 * LANE_GROUP.prefetch }, () =>
        publisher.send(LANE_GROUP.exchange, '00', Buffer.from('{}'), { persistent: true }),
      );
      await Promise.all(unreadable);
      broker.setAlarm(true);
      worker.start();
      const queue = laneQueue(LANE_GROUP, 0);
      await until(clock, () => broker.unacknowledgedIn(queue).length === LANE_GROUP.prefetch);
      await delay(clock, 60_000);
      expect(broker.messagesIn(queue)).toHaveLength(2 * LANE_GROUP.prefetch);
      expect(left()).toEqual([]);
      broker.setAlarm(false);
      await until(clock, () => broker.messagesIn(queue).length === 0);
      expect(broker.messagesIn(LANE_GROUP.deadLetters)).toHaveLength(2 * LANE_GROUP.prefetch);
    });
  });
});

describe('a worker that hears of an older one, which holds fewer messages of a lane', () => {
  it('holds no more than that one, until it has not heard of it for ten minutes', async () => {
    const { run, publishEvents, publisher, broker, worker, pagerDuty, clock, delivered, left } = world(NODE);
    await run(async () => {
      const older = { kind: 'here', member: 'older', group: LANE_GROUP.exchange, asks: false, lanes: [] };
      const silence = every(clock, 100, () => {
        publisher.send(STATUS_EXCHANGE, '', Buffer.from(JSON.stringify(older)), {}).catch(() => undefined);
      });
      worker.start();
      await delay(clock, 5_000);
      silence();
      /** The most that it holds of the lane, while more than that is there. */
      const windowFrom = async (first: number): Promise<number> => {
        let most = 0;
        const stop = every(clock, 10, () => (most = Math.max(most, broker.unacknowledgedIn(LANE).length)));
        pagerDuty.mode = 'unreachable';
        await Promise.all(publishEvents(first));
        await delay(clock, 5_000);
        pagerDuty.mode = 'works';
        await until(clock, () => delivered() === first + EVENT_COUNT);
        stop();
        return most;
      };
      expect(await windowFrom(0)).toBe(LANE_GROUP.formerPrefetch);
      expect(left()).toEqual([]);
      await delay(clock, 600_000);
      expect(await windowFrom(EVENT_COUNT)).toBe(LANE_GROUP.prefetch);
      expect(left()).toEqual(['a lane may have a larger window by now']);
      expect(pagerDuty.processed.map(({ request }) => request.event.index)).toEqual(
        Array.from({ length: 2 * EVENT_COUNT }, (_, index) => index),
      );
    });
  });
});
