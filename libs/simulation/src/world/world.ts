import { EVENTS, type LaneGroup } from '@pdaltagent/messaging';
import { SimulatedBroker } from '../broker/simulated-broker';
import { Scheduler } from '../scheduler';
import { SeededRandom } from '../seeded-random';
import { MAX_MESSAGE_BYTES } from './event';
import { Gateway } from './gateway';
import { Network } from './network';
import { Senders } from './senders';
import { SimulatedPagerDuty } from './simulated-pagerduty';
import { SimulatedRedis } from './simulated-redis';
import { windowsOf } from './windows';
import { Worker } from './worker';

/** Few lanes, so that many seeds take little time. */
export const LANE_GROUP: LaneGroup = { ...EVENTS, lanes: 2, sidings: 2 };
/** Of a worker: attempts at the same time. */
export const KEYS: readonly string[] = Array.from({ length: 5 }, (_, index) => `key-${index}`);
const GATEWAYS = 2;
const WORKERS = 3;
/** How long a queue of the broker takes at most to apply what was sent to it: on a fast disk, and on a slower one; ms. */
const APPLY_MS: readonly number[] = [1, 1, 20];
/** Of a gateway's spool: one that is never full, and one that an outage fills. */
const SPOOL_BYTES: readonly number[] = [200_000, 30_000];
/** How much of a lane's window that of a siding has. */
const SIDING_WINDOW = 3 / 4;

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
  /** When workers release a lane that has held a message for long, and take it again; ms. Undefined for the default. */
  renewAfterMs: number | undefined;
  /** Of each worker, and of each gateway. */
  readonly sizes: {
    readonly prefetch: number;
    readonly concurrency: number;
    readonly maxInFlight: number;
    readonly spoolBytes: number;
  };

  /** @param hasJournal whether gateways and workers write what happens into the journal */
  constructor(seed: number, isTracing: boolean, hasJournal = false) {
    const scheduler = new Scheduler(seed, isTracing);
    this.scheduler = scheduler;
    this.broker = new SimulatedBroker(scheduler);
    this.broker.setMaxMessageSize(MAX_MESSAGE_BYTES);
    this.broker.spreadLeaders();
    this.network = new Network(scheduler, this.broker);
    this.redis = new SimulatedRedis(scheduler);
    this.pagerDuty = new SimulatedPagerDuty(scheduler, this.redis);
    // Each is drawn on its own: another one leaves alone what a seed does.
    const pick = (what: string, values: readonly number[]): number => new SeededRandom(seed, what).pick(values);
    const windows = windowsOf(seed);
    this.pagerDuty.rate = pick('rate', windows.rates);
    this.broker.setMaxApplyMs(pick('disk of the broker', APPLY_MS));
    const prefetch = pick('prefetch', windows.prefetches);
    // A siding's window is smaller, as in the product; more than 32 in worlds with large windows.
    const laneGroup = { ...LANE_GROUP, prefetch, formerPrefetch: Math.ceil(prefetch * SIDING_WINDOW) };
    const concurrency = pick('concurrency', windows.concurrencies);
    const maxInFlight = pick('events in flight', windows.inFlight);
    const spoolBytes = pick('bytes of a spool', SPOOL_BYTES);
    this.sizes = { prefetch, concurrency, maxInFlight, spoolBytes };
    this.gateways = Array.from(
      { length: GATEWAYS },
      (_, index) =>
        new Gateway(scheduler, this.network, `gateway-${index}`, { laneGroup, maxInFlight, spoolBytes, hasJournal }),
    );
    const { network, redis, pagerDuty } = this;
    this.workers = Array.from(
      { length: WORKERS },
      (_, index) =>
        new Worker(
          scheduler,
          { network, redis, pagerDuty, laneGroup, concurrency, hasJournal, renewAfterMs: () => this.renewAfterMs },
          `worker-${index}`,
        ),
    );
    this.senders = new Senders(scheduler, windows);
  }

  start(): void {
    for (const service of [...this.gateways, ...this.workers]) service.start();
  }
}
