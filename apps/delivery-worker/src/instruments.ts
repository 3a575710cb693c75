import { type Outcome } from '@pdaltagent/delivery';
import { DEAD_REASONS, type DeadReason, type LaneObserver, type LaneWorker } from '@pdaltagent/messaging';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

const OUTCOMES = ['delivered', 'throttled', 'failed', 'rejected'] as const satisfies readonly Outcome['kind'][];

/** What the worker counts. No label ever holds a routing key. */
export function createInstruments(registry: Registry): LaneObserver {
  const registers = [registry];
  const attempts = new Counter({
    name: 'pdaltagent_attempts_total',
    help: 'Attempts to post an event to PagerDuty, by what they came to.',
    labelNames: ['outcome'],
    registers,
  });
  const delivered = new Counter({ name: 'pdaltagent_delivered_total', help: 'Events that PagerDuty took.', registers });
  const retried = new Counter({
    name: 'pdaltagent_retried_total',
    help: 'Attempts that will be repeated.',
    registers,
  });
  const repeated = new Counter({
    name: 'pdaltagent_repeats_dropped_total',
    help: 'Events that the broker gave out again and that had been delivered.',
    registers,
  });
  const dead = new Counter({
    name: 'pdaltagent_dead_letters_total',
    help: 'Events set aside for good, by reason.',
    labelNames: ['reason'],
    registers,
  });
  const latency = new Histogram({
    name: 'pdaltagent_delivery_seconds',
    help: 'From acceptance at the gateway to PagerDuty’s answer.',
    buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 3600, 86_400],
    registers,
  });
  for (const outcome of OUTCOMES) attempts.inc({ outcome }, 0);
  for (const reason of DEAD_REASONS) dead.inc({ reason }, 0);
  return {
    attempted: (_message, { kind }) => {
      attempts.inc({ outcome: kind });
      if (kind === 'throttled' || kind === 'failed') retried.inc();
    },
    delivered: ({ receivedAt }) => {
      delivered.inc();
      latency.observe((Date.now() - receivedAt) / 1000);
    },
    repeated: () => repeated.inc(),
    buried: (reason: DeadReason) => dead.inc({ reason }),
  };
}

/** Gauges that are read from the worker when they are asked for. */
export function watchWorker(registry: Registry, worker: LaneWorker): void {
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  const { dispatcher } = worker;
  gauge('pdaltagent_lanes', 'Lanes that this worker works.', () => worker.lanes);
  gauge('pdaltagent_held', 'Events taken off their lanes and not yet delivered.', () => dispatcher.held);
  gauge('pdaltagent_in_flight', 'Attempts on the wire.', () => dispatcher.inFlight);
  gauge(
    'pdaltagent_throttled_keys',
    'Routing keys that wait because PagerDuty throttles them.',
    () => dispatcher.throttledKeys,
  );
  gauge('pdaltagent_circuit_open', '1 while PagerDuty counts as away.', () => dispatcher.openCircuits);
  gauge('pdaltagent_oldest_held_seconds', 'Age of the oldest event held.', () => {
    const oldest = dispatcher.oldestReceivedAt;
    return oldest === undefined ? 0 : (Date.now() - oldest) / 1000;
  });
}
