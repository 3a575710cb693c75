import { type Clock } from '@pdaltagent/clock';
import { type EventType, type InvalidPart } from '@pdaltagent/events';
import { type Logger, maskKey } from '@pdaltagent/service';
import { type Metrics } from './metrics';
import { type Accepted } from './ingest-pipeline';
import { RefusedSendersLog } from './refused-senders-log';
import { type RefusalReason, type Refused } from './refusal';

/** Counts the outcomes of requests, and logs when the gateway starts and stops rejecting events. */
export class OutcomeRecorder {
  readonly #metrics: Metrics;
  readonly #log: Logger;
  readonly #logged = new Set<string>();
  #rejected = 0;

  readonly #refusedSenders: RefusedSendersLog;

  constructor(metrics: Metrics, log: Logger, clock: Clock) {
    this.#metrics = metrics;
    this.#log = log;
    this.#refusedSenders = new RefusedSendersLog(log, clock);
  }

  /**
   * @param seconds how long the request took
   * @param token the name of the token that its sender presented
   */
  record(type: EventType, outcome: Accepted | Refused, seconds: number, token?: string): void {
    if (token !== undefined) this.#metrics.countToken(token, outcome.kind);
    if (outcome.kind === 'refused') {
      this.recordRefusal(outcome.reason, outcome.response.body.errors);
      return;
    }
    this.#metrics.countAccepted(type, seconds);
    this.#log.debug('event accepted', { id: outcome.id, type, key: maskKey(outcome.routingKey), token });
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

  /** A sender that may not send. */
  recordRefusedSender({ reason, response }: Refused, address: string): void {
    this.recordRefusal(reason);
    if (reason === 'unauthorized') this.#refusedSenders.record(address, response.body.errors?.[0] ?? '');
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
