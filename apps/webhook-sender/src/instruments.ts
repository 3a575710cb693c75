import { type FailureReason, FAULTS, type Outcome } from '@pdaltagent/delivery';
import { DEAD_REASONS, type LaneObserver, type LaneWorker } from '@pdaltagent/messaging';
import { type Logger, type SendingDestinations } from '@pdaltagent/service';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

const OUTCOMES = ['delivered', 'throttled', 'failed', 'rejected', 'gone'] as const satisfies readonly Outcome['kind'][];
const REASONS: readonly FailureReason[] = [...FAULTS, 'server-error', 'request-timeout', 'way'];
/** In place of a name that no configuration has: labels are what operators chose, and nothing else. */
const UNKNOWN = 'unknown';

type Known = Pick<SendingDestinations, 'current' | 'named' | 'onChange'>;

/** What the sender counts, by destination name (never a URL), and one log line per attempt that did not succeed. */
export function createInstruments(registry: Registry, destinations: Known, log: Logger): LaneObserver {
  const registers = [registry];
  const attempts = new Counter({
    name: 'pdaltagent_webhook_attempts_total',
    help: 'Attempts to post a webhook, by destination and by what they came to.',
    labelNames: ['destination', 'outcome'],
    registers,
  });
  const failures = new Counter({
    name: 'pdaltagent_webhook_failures_total',
    help: 'Attempts that failed and will be repeated, by reason.',
    labelNames: ['reason'],
    registers,
  });
  const repeated = new Counter({
    name: 'pdaltagent_webhook_repeats_dropped_total',
    help: 'Webhooks that were queued or given out again and had been delivered.',
    registers,
  });
  const dead = new Counter({
    name: 'pdaltagent_webhook_dead_letters_total',
    help: 'Webhooks set aside for good, by reason.',
    labelNames: ['reason'],
    registers,
  });
  const latency = new Histogram({
    name: 'pdaltagent_webhook_delivery_seconds',
    help: 'From the poller’s queueing to the destination’s answer.',
    buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 3600, 86_400],
    registers,
  });
  const presetAll = () => {
    for (const { name } of destinations.current())
      for (const outcome of OUTCOMES) attempts.inc({ destination: name, outcome }, 0);
  };
  presetAll();
  destinations.onChange(presetAll);
  for (const reason of REASONS) failures.inc({ reason }, 0);
  for (const reason of DEAD_REASONS) dead.inc({ reason }, 0);
  return {
    attempted: ({ id, routingKey }, outcome) => {
      const destination = destinations.named(routingKey) === undefined ? UNKNOWN : routingKey;
      attempts.inc({ destination, outcome: outcome.kind });
      if (outcome.kind === 'failed') failures.inc({ reason: outcome.reason });
      const fields = { id, destination: routingKey, outcome: outcome.kind, ...detailOf(outcome) };
      if (outcome.kind === 'delivered') log.debug('webhook delivered', fields);
      else log.info('webhook not delivered', fields);
    },
    delivered: ({ receivedAt }) => latency.observe((Date.now() - receivedAt) / 1000),
    repeated: () => repeated.inc(),
    buried: (reason) => dead.inc({ reason }),
  };
}

/** Gauges that are read from the worker when they are asked for. */
export function watchWorker(registry: Registry, worker: Pick<LaneWorker, 'dispatcher' | 'lanes'>): void {
  const { dispatcher } = worker;
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  gauge('pdaltagent_webhook_lanes', 'Lanes that this sender works.', () => worker.lanes);
  gauge('pdaltagent_webhook_held', 'Webhooks taken off their lanes and not yet delivered.', () => dispatcher.held);
  gauge('pdaltagent_webhook_in_flight', 'Attempts on the wire.', () => dispatcher.inFlight);
  gauge('pdaltagent_webhook_circuits_open', 'Destinations that count as away.', () => dispatcher.openCircuits);
  gauge('pdaltagent_webhook_oldest_held_seconds', 'Age of the oldest webhook held.', () => {
    const oldest = dispatcher.oldestReceivedAt;
    return oldest === undefined ? 0 : (Date.now() - oldest) / 1000;
  });
  new Gauge({
    name: 'pdaltagent_webhook_destination_paused',
    help: '1 for each destination that answered 410 and takes nothing until it is resumed.',
    labelNames: ['destination'],
    registers: [registry],
    collect() {
      this.reset();
      for (const destination of dispatcher.pausedKeys) this.set({ destination }, 1);
    },
  });
}

/** What the network said is told, an answer's text is not: it may repeat what was sent. */
function detailOf(outcome: Outcome): Readonly<Record<string, unknown>> {
  switch (outcome.kind) {
    case 'failed':
      return {
        reason: outcome.reason,
        status: outcome.status,
        ...(outcome.status === undefined ? { detail: outcome.detail } : {}),
      };
    default:
      return { status: outcome.status };
  }
}
