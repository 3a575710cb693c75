import { type EventType, type InvalidPart } from '@pdaltagent/events';
import { type Logger, maskKey } from '@pdaltagent/service';
import { type Metrics } from './metrics';
import { type Accepted } from './ingest-pipeline';
import { type RefusalReason, type Refused } from './refusal';

/** Counts the outcomes of requests, and logs when the gateway starts and stops rejecting events. */
export class OutcomeRecorder {
  readonly #metrics: Metrics;
  readonly #log: Logger;
  readonly #logged = new Set<string>();
  #rejected = 0;

  constructor(metrics: Metrics, log: Logger) {
    this.#metrics = metrics;
    this.#log = log;
  }

  /** @param seconds how long the request took */
  record(type: EventType, outcome: Accepted | Refused, seconds: number): void {
    if (outcome.kind === 'refused') {
      this.recordRefusal(outcome.reason, outcome.response.body.errors);
      return;
    }
    this.#metrics.countAccepted(type, seconds);
    this.#log.debug('event accepted', { id: outcome.id, type, key: maskKey(outcome.routingKey) });
    this.#logRemoved(outcome.removed);
    if (this.#rejected === 0) return;
    this.#log.info('accepting events again', { rejected: this.#rejected });
    this.#rejected = 0;
  }

  /** Logs each kind once: a sender usually makes the same mistake in every event. */
  #logRemoved(removed: readonly InvalidPart[]): void {
    for (const { kind, error } of removed) {
      if (this.#logged.has(kind)) continue;
      this.#logged.add(kind);
      this.#log.warn('an event was accepted without an optional part that PagerDuty would have refused it for', {
        part: kind,
        error,
        further: `events with an invalid ${kind} are not logged`,
      });
    }
  }

  recordRefusal(reason: RefusalReason, errors: readonly string[] = []): void {
    this.#metrics.countRefused(reason);
    if (reason !== 'overload' && reason !== 'unavailable') return;
    if (this.#rejected === 0) this.#log.warn('rejecting events with 503', { reason, errors });
    this.#rejected += 1;
  }

  /** An unexpected error (a bug): the sender was answered 500. */
  recordError(error: unknown): void {
    this.#metrics.countRefused('failed');
    this.#log.error('a request failed', { error });
  }
}
