import { type EventType } from '@pdaltagent/events';
import { type Logger } from '@pdaltagent/service';
import { type Metrics } from './metrics';
import { type Accepted } from './ingest-pipeline';
import { type RefusalReason, type Refused } from './refusal';

/** Counts the outcomes of requests, and logs when the gateway starts and stops rejecting events. */
export class OutcomeRecorder {
  readonly #metrics: Metrics;
  readonly #log: Pick<Logger, 'info' | 'warn' | 'error'>;
  #rejected = 0;

  constructor(metrics: Metrics, log: Pick<Logger, 'info' | 'warn' | 'error'>) {
    this.#metrics = metrics;
    this.#log = log;
  }

  /** @param seconds how long the request took */
  record(type: EventType, outcome: Accepted | Refused, seconds: number): void {
    if (outcome.kind === 'refused') {
      this.refused(outcome.reason, outcome.answer.body.errors);
      return;
    }
    this.#metrics.accepted(type, seconds);
    if (this.#rejected === 0) return;
    this.#log.info('accepting events again', { rejected: this.#rejected });
    this.#rejected = 0;
  }

  refused(reason: RefusalReason, errors: readonly string[] = []): void {
    this.#metrics.refused(reason);
    if (reason !== 'overload' && reason !== 'unavailable') return;
    if (this.#rejected === 0) this.#log.warn('rejecting events with 503', { reason, errors });
    this.#rejected += 1;
  }

  /** An unexpected error (a bug): the sender was answered 500. */
  failed(error: unknown): void {
    this.#metrics.refused('failed');
    this.#log.error('a request failed', { error });
  }
}
