import { type FailureReason, FAULTS, type Outcome } from '@pdaltagent/delivery';
import {
  ATTEMPT_OUTCOMES,
  createLaneMetrics,
  type LaneObserver,
  type LaneWorker,
  type MetricNames,
  registerLaneGauges,
} from '@pdaltagent/messaging';
import { type Logger, type SendingDestinations } from '@pdaltagent/service';
import { Counter, Gauge, type Registry } from 'prom-client';

export const METRIC_NAMES: MetricNames = { prefix: 'pdaltagent_webhook', what: 'Webhooks' };
const REASONS: readonly FailureReason[] = [...FAULTS, 'server-error', 'request-timeout', 'way'];
/** Replaces unknown names: only configured names become label values. */
const UNKNOWN = 'unknown';

type Known = Pick<SendingDestinations, 'current' | 'named' | 'onChange'>;

/** The sender's metrics, by destination name (never a URL), and one log line per attempt that did not succeed. */
export function createMetrics(registry: Registry, destinations: Known, log: Logger): LaneObserver {
  const registers = [registry];
  const all = createLaneMetrics(registry, METRIC_NAMES);
  const attempts = new Counter({
    name: 'pdaltagent_webhook_destination_attempts_total',
    help: 'Attempts to post a webhook, by destination and outcome.',
    labelNames: ['destination', 'outcome'],
    registers,
  });
  const failures = new Counter({
    name: 'pdaltagent_webhook_failures_total',
    help: 'Attempts that failed and will be retried, by reason.',
    labelNames: ['reason'],
    registers,
  });
  const presetAll = () => {
    for (const { name } of destinations.current())
      for (const outcome of ATTEMPT_OUTCOMES) attempts.inc({ destination: name, outcome }, 0);
  };
  presetAll();
  destinations.onChange(presetAll);
  for (const reason of REASONS) failures.inc({ reason }, 0);
  const labelOf = (name: string) => (destinations.named(name) === undefined ? UNKNOWN : name);
  return {
    ...all,
    onInterrupted: (message, attempt) => {
      all.onInterrupted(message, attempt);
      attempts.inc({ destination: labelOf(message.routingKey), outcome: 'interrupted' });
    },
    onAttempted: (message, outcome, attempt) => {
      const { id, routingKey } = message;
      all.onAttempted(message, outcome, attempt);
      attempts.inc({ destination: labelOf(routingKey), outcome: outcome.kind });
      if (outcome.kind === 'failed') failures.inc({ reason: outcome.reason });
      const fields = { id, destination: routingKey, outcome: outcome.kind, ...detailOf(outcome) };
      if (outcome.kind === 'delivered') log.debug('webhook delivered', fields);
      else log.info('webhook not delivered', fields);
    },
  };
}

/** Registers gauges that are read from the worker at scrape time. */
export function registerWorkerGauges(registry: Registry, worker: LaneWorker): void {
  registerLaneGauges(registry, worker, METRIC_NAMES);
  new Gauge({
    name: 'pdaltagent_webhook_destination_paused',
    help: '1 for each destination that responded 410 and is paused until it is resumed.',
    labelNames: ['destination'],
    registers: [registry],
    collect() {
      this.reset();
      for (const destination of worker.dispatcher.pausedKeys) this.set({ destination }, 1);
    },
  });
}

/** The network's error text is logged; the text of a response is not, because it may repeat what was sent. */
function detailOf(outcome: Outcome): Readonly<Record<string, unknown>> {
  switch (outcome.kind) {
    case 'failed':
      return {
        reason: outcome.reason,
        status: outcome.status,
        ...(outcome.status === undefined ? { detail: outcome.detail } : {}),
      };
    case 'error':
      return { detail: outcome.detail };
    default:
      return { status: outcome.status };
  }
}
