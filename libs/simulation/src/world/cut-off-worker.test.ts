import { delay } from '@pdaltagent/clock';
import { declareTopology, EVENTS, Publisher } from '@pdaltagent/messaging';
import { SimulatedBroker } from '../broker/simulated-broker';
import { Scheduler } from '../scheduler';
import { SeededRandom } from '../seeded-random';
import { VirtualClock } from '../virtual-clock';
import { messageOf } from './event';
import { Network } from './network';
import { SimulatedPagerDuty } from './simulated-pagerduty';
import { SimulatedRedis } from './simulated-redis';
import { Worker } from './worker';

/** The leaders of all queues are on this node. */
const LEADER = 0;
/** `worker-1` connects to this one. */
const OTHER = 1;
const EVENT_COUNT = 300;
const WITHIN_MS = 60_000;
const CHECK_MS = 50;
const LOG = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

async function until(clock: VirtualClock, condition: () => boolean): Promise<void> {
  const deadline = clock.monotonic() + WITHIN_MS;
  while (!condition() && clock.monotonic() < deadline) await delay(clock, CHECK_MS);
}

describe('a worker whose node loses the others for a moment', () => {
  it('delivers everything that waits although more than 32 of its acknowledgements were lost, so that RabbitMQ takes no further ones of its channel', async () => {
    const scheduler = new Scheduler(1);
    const clock = new VirtualClock(scheduler, 'test');
    const broker = new SimulatedBroker(scheduler);
    const network = new Network(scheduler, broker);
    const redis = new SimulatedRedis(scheduler);
    const pagerDuty = new SimulatedPagerDuty(scheduler, redis);
    const laneGroup = { ...EVENTS, lanes: 1, sidings: 1 };
    const dependencies = { network, redis, pagerDuty, laneGroup, concurrency: 64, renewAfterMs: () => undefined };
    const publisher = new Publisher({
      url: 'amqp://simulated',
      name: 'publisher',
      laneGroup,
      queueType: 'quorum',
      clock,
      random: new SeededRandom(1, 'publisher'),
      log: LOG,
      connect: () => {
        const connection = broker.connect('publisher', undefined, LEADER);
        return Promise.resolve({ connection, reset: () => connection.cut(0, 0) });
      },
    });
    const delivered = (): number => new Set(pagerDuty.processed.map(({ request }) => request.id)).size;
    const run = async (): Promise<void> => {
      const declaring = broker.connect('declares', undefined, LEADER);
      await declareTopology(declaring, laneGroup, 'quorum', { clock, log: LOG });
      publisher.start();
      await delay(clock, 1_000);
      const worker = new Worker(scheduler, dependencies, 'worker-1');
      worker.start();
      await delay(clock, 3_000);
      const event = { routingKey: 'key', alert: 'alert', action: 'trigger' } as const;
      const published = Array.from({ length: EVENT_COUNT }, (_, index) =>
        publisher.publish(messageOf({ ...event, index }, 0, 0)),
      );
      await until(clock, () => worker.held === laneGroup.prefetch);
      broker.isolate(OTHER);
      await Promise.all(published);
      await until(clock, () => worker.held === 0);
      expect(delivered()).toBeGreaterThan(32);
      expect(delivered()).toBeLessThan(EVENT_COUNT);
      broker.heal(OTHER);
      await until(clock, () => delivered() === EVENT_COUNT);
      expect(delivered()).toBe(EVENT_COUNT);
      expect(pagerDuty.processed).toHaveLength(EVENT_COUNT);
      await publisher.close();
    };
    await scheduler.run(run());
  });
});
