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
import { Worker } from './worker';

/** Few and small, so that many seeds take little time. */
export const LANE_GROUP: LaneGroup = { ...EVENTS, lanes: 2, sidings: 2 };
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

  constructor(seed: number, isTracing: boolean) {
    const scheduler = new Scheduler(seed, isTracing);
    this.scheduler = scheduler;
    this.broker = new SimulatedBroker(scheduler);
    this.broker.setMaxMessageSize(MAX_MESSAGE_BYTES);
    this.network = new Network(scheduler, this.broker);
    this.redis = new SimulatedRedis(scheduler);
    this.pagerDuty = new SimulatedPagerDuty(scheduler);
    const random = new SeededRandom(seed, 'world');
    this.pagerDuty.rate = RATES[random.below(RATES.length)] ?? Infinity;
    this.gateways = Array.from(
      { length: GATEWAYS },
      (_, index) =>
        new Gateway(scheduler, this.network, `gateway-${index}`, { laneGroup: LANE_GROUP, spoolBytes: SPOOL_BYTES }),
    );
    const { network, redis, pagerDuty } = this;
    this.workers = Array.from(
      { length: WORKERS },
      (_, index) => new Worker(scheduler, { network, redis, pagerDuty, laneGroup: LANE_GROUP }, `worker-${index}`),
    );
    this.senders = new Senders(scheduler);
  }

  start(): void {
    for (const service of [...this.gateways, ...this.workers]) service.start();
  }
}
