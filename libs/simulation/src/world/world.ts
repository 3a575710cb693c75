import { EVENTS, type LaneGroup } from '@pdaltagent/messaging';
import { SimulatedBroker } from '../broker/simulated-broker';
import { Scheduler } from '../scheduler';
import { SeededRandom } from '../seeded-random';
import { MAX_MESSAGE_BYTES } from './event';
import { OPEN_FROM } from './faults';
import { Gateway } from './gateway';
import { Network } from './network';
import { Senders } from './senders';
import { SimulatedPagerDuty } from './simulated-pagerduty';
import { SimulatedRedis } from './simulated-redis';
import { Worker } from './worker';

/** Few lanes with small windows, so that many seeds take little time and most of them fill a window. */
export const LANE_GROUP: LaneGroup = { ...EVENTS, lanes: 2, sidings: 2 };
const PREFETCHES: readonly number[] = [4, 6, 8];
/** Of a worker: attempts at the same time. */
const CONCURRENCIES: readonly number[] = [4, 32];
/**
 * When a lane that has held a message for long is released and taken again; ms. The renewal waits for requests that hang
 * and dead letters that cannot be written, and the lane with it: that is not fixed yet (`OPEN_FROM`).
 */
const RENEW_AFTER_MS: readonly number[] = [10_000, 600_000];
/** Of a gateway: events in flight, a quarter of them in each lane. */
const IN_FLIGHT: readonly number[] = [16, 32, 64];
export const KEYS: readonly string[] = Array.from({ length: 5 }, (_, index) => `key-${index}`);
export const ALERTS_PER_KEY = 2;
const GATEWAYS = 2;
const WORKERS = 3;
const SPOOL_BYTES = 200_000;
const RATES: readonly number[] = [Infinity, Infinity, 240, 120];

/** Two gateways, three workers, and what they depend on. */
export class World {
  readonly scheduler: Scheduler;
  readonly broker: SimulatedBroker;
  readonly network: Network;
  readonly redis: SimulatedRedis;
  readonly pagerDuty: SimulatedPagerDuty;
  readonly gateways: readonly Gateway[];
  readonly workers: readonly Worker[];
  readonly senders: Senders;
  /** Of each worker, and of each gateway. */
  readonly sizes: { readonly prefetch: number; readonly concurrency: number; readonly maxInFlight: number };

  constructor(seed: number, isTracing: boolean) {
    const scheduler = new Scheduler(seed, isTracing);
    this.scheduler = scheduler;
    this.broker = new SimulatedBroker(scheduler);
    this.broker.setMaxMessageSize(MAX_MESSAGE_BYTES);
    this.network = new Network(scheduler, this.broker);
    this.redis = new SimulatedRedis(scheduler);
    this.pagerDuty = new SimulatedPagerDuty(scheduler, this.redis);
    const random = new SeededRandom(seed, 'world');
    this.pagerDuty.rate = random.pick(RATES);
    const prefetch = random.pick(PREFETCHES);
    const laneGroup = { ...LANE_GROUP, prefetch };
    const concurrency = random.pick(CONCURRENCIES);
    const renewAfterMs = seed < OPEN_FROM ? undefined : random.pick(RENEW_AFTER_MS);
    const maxInFlight = random.pick(IN_FLIGHT);
    this.sizes = { prefetch, concurrency, maxInFlight };
    this.gateways = Array.from(
      { length: GATEWAYS },
      (_, index) =>
        new Gateway(scheduler, this.network, `gateway-${index}`, { laneGroup, maxInFlight, spoolBytes: SPOOL_BYTES }),
    );
    const { network, redis, pagerDuty } = this;
    this.workers = Array.from(
      { length: WORKERS },
      (_, index) =>
        new Worker(scheduler, { network, redis, pagerDuty, laneGroup, concurrency, renewAfterMs }, `worker-${index}`),
    );
    this.senders = new Senders(scheduler);
  }

  start(): void {
    for (const service of [...this.gateways, ...this.workers]) service.start();
  }
}
