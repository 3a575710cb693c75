import { SeededRandom } from '../seeded-random';

/** How many worlds have large windows. */
const SHARE_OF_LARGE = 1 / 8;

/** How much a world has under way at the same time, and what fills that. */
export interface Windows {
  /** Unacknowledged messages of a queue. */
  readonly prefetches: readonly number[];
  /** Requests of a worker. */
  readonly concurrencies: readonly number[];
  /** Of a gateway: events in flight, a quarter of them in each lane. */
  readonly inFlight: readonly number[];
  readonly alertsPerKey: number;
  /** Which part of the alerts sends bursts. */
  readonly noisy: number;
  /** Of one alert. */
  readonly mostEvents: number;
  /** How many events of a key PagerDuty accepts; a minute. */
  readonly rates: readonly number[];
}

/** So small that most worlds fill them. */
const SMALL: Windows = {
  prefetches: [4, 6, 8],
  concurrencies: [4, 32],
  inFlight: [16, 32, 64],
  alertsPerKey: 2,
  noisy: 0.2,
  mostEvents: 120,
  rates: [Infinity, Infinity, 240, 120],
};
/**
 * Larger than the 32 commands after which RabbitMQ holds back acknowledgements, and with as many events, but of more alerts, which are
 * delivered concurrently: with fewer requests a single slow key would use up all of them.
 */
const LARGE: Windows = {
  prefetches: [48],
  concurrencies: [32],
  inFlight: [192],
  alertsPerKey: 8,
  noisy: 0.4,
  mostEvents: 60,
  rates: [Infinity],
};

export function hasLargeWindows(seed: number): boolean {
  return new SeededRandom(seed, 'extent of windows of the lanes').fraction() < SHARE_OF_LARGE;
}

export function windowsOf(seed: number): Windows {
  return hasLargeWindows(seed) ? LARGE : SMALL;
}
