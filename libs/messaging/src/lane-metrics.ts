import { type Clock, SYSTEM_CLOCK } from '@pdaltagent/clock';
import { CONNECTIVITY_FAULTS, connectivityFaultOf, type Outcome } from '@pdaltagent/delivery';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { DEAD_REASONS } from './dead-letter';
import { type LaneObserver } from './lane-worker-options';
import { type LaneWorker } from './lane-worker';
import { laneKey } from './topology';

/** How a worker's metrics are named and described: `pdaltagent_held`, "Events that this worker holds …". */
export interface MetricNames {
  readonly prefix: string;
  /** What it delivers, as a capitalized plural noun. */
  readonly what: string;
}

/** The kinds of outcomes, and `interrupted` for attempts that were aborted before their outcome was known. */
export const ATTEMPT_OUTCOMES = [
  'delivered',
  'throttled',
  'failed',
  'rejected',
  'gone',
  'error',
  'interrupted',
] as const satisfies readonly (Outcome['kind'] | 'interrupted')[];
const SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 3600, 86_400];

/** The counters of every lane worker. No label ever contains a routing key. */
export function createLaneMetrics(
  registry: Registry,
  { prefix, what }: MetricNames,
  clock: Clock = SYSTEM_CLOCK,
): LaneObserver {
  const counter = <Label extends string>(name: string, help: string, labelNames: readonly Label[] = []) =>
    new Counter({ name: `${prefix}_${name}`, help, labelNames, registers: [registry] });
  const attempts = counter('attempts_total', 'Delivery attempts, by outcome.', ['outcome']);
  const delivered = counter('delivered_total', `${what} delivered.`);
  const retried = counter('retried_total', 'Attempts that will be retried.');
  const repeated = counter(
    'repeats_dropped_total',
    `${what} that were redelivered and dropped because they had already been delivered.`,
  );
  const dead = counter('dead_letters_total', `${what} that became dead letters, by reason.`, ['reason']);
  const connectivityFaults = counter(
    'way_faults_total',
    'Attempts that did not reach the destination (a proxy, a wrong URL, an untrusted certificate), by fault.',
    ['fault'],
  );
  const latency = new Histogram({
    name: `${prefix}_delivery_seconds`,
    help: 'Time from acceptance to the response that confirms delivery.',
    buckets: SECONDS,
    registers: [registry],
  });
  for (const outcome of ATTEMPT_OUTCOMES) attempts.inc({ outcome }, 0);
  for (const reason of DEAD_REASONS) dead.inc({ reason }, 0);
  for (const fault of CONNECTIVITY_FAULTS) connectivityFaults.inc({ fault }, 0);
  return {
    onAttempted: (_message, outcome) => {
      attempts.inc({ outcome: outcome.kind });
      if (outcome.kind === 'throttled' || outcome.kind === 'failed' || outcome.kind === 'error') retried.inc();
      const fault = connectivityFaultOf(outcome);
      if (fault !== undefined) connectivityFaults.inc({ fault });
    },
    onInterrupted: () => {
      attempts.inc({ outcome: 'interrupted' });
      retried.inc();
    },
    onDelivered: ({ receivedAt }) => {
      delivered.inc();
      latency.observe(Math.max(0, clock.wall() - receivedAt) / 1000);
    },
    onDuplicateDropped: () => repeated.inc(),
    onDeadLettered: (reason) => dead.inc({ reason }),
  };
}

/** Registers gauges that are read from the worker at scrape time. */
export function registerLaneGauges(
  registry: Registry,
  worker: LaneWorker,
  { prefix, what }: MetricNames,
  clock: Clock = SYSTEM_CLOCK,
): void {
  const { dispatcher } = worker;
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name: `${prefix}_${name}`,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  gauge('lanes', 'Lanes that this worker owns.', () => worker.lanes);
  gauge('held', `${what} that this worker holds and that are not yet delivered.`, () => dispatcher.held);
  gauge('held_bytes', `Bytes of the ${what.toLowerCase()} that this worker holds.`, () => worker.heldBytes);
  gauge('in_flight', 'Attempts in flight.', () => dispatcher.inFlight);
  gauge('throttled_keys', 'Routing keys that their destination throttles.', () => dispatcher.throttledKeys);
  gauge('keys_aside', 'Routing keys parked on a siding.', () => worker.parkedKeys);
  gauge(
    'keys_with_broken_way',
    'Routing keys whose delivery fails for a reason of their own, such as a wrong integration URL.',
    () => dispatcher.keysWithConnectivityFault,
  );
  gauge('circuit_open', 'Destinations that count as unavailable.', () => dispatcher.openCircuits);
  gauge(
    'lanes_without_isolation',
    'Lanes blocked by a key that cannot be parked: no siding answers, or the broker accepts no messages.',
    () => worker.lanesWithoutIsolation,
  );
  gauge('oldest_held_seconds', 'Age of the oldest undelivered message in the lanes of this worker.', () => {
    const oldest = dispatcher.oldestReceivedAt;
    return oldest === undefined ? 0 : Math.max(0, clock.wall() - oldest) / 1000;
  });
  new Gauge({
    name: `${prefix}_lane_depth`,
    help: `${what} not yet delivered in a lane and its sidings, reported by the worker that owns the lane.`,
    labelNames: ['lane'],
    registers: [registry],
    collect() {
      this.reset();
      for (const [lane, depth] of worker.depths) this.set({ lane: laneKey(lane) }, depth);
    },
  });
}
