import { type EventType } from '@pdaltagent/events';
import { type Logger } from '@pdaltagent/service';
import { type Instruments } from './metrics';
import { type Accepted } from './ingest-pipeline';
import { type Refusal, type Refused } from './refusal';

/** Counts what became of requests, and logs when the gateway begins and ceases to turn events away. */
export class Outcomes {
  readonly #instruments: Instruments;
  readonly #log: Pick<Logger, 'info' | 'warn' | 'error'>;
  #turnedAway = 0;

  constructor(instruments: Instruments, log: Pick<Logger, 'info' | 'warn' | 'error'>) {
    this.#instruments = instruments;
    this.#log = log;
  }

  /** @param seconds how long the request took */
  count(type: EventType, outcome: Accepted | Refused, seconds: number): void {
    if (outcome.kind === 'refused') {
      this.refused(outcome.reason, outcome.answer.body.errors);
      return;
    }
    this.#instruments.accepted(type, seconds);
    if (this.#turnedAway === 0) return;
    this.#log.info('events are accepted again', { turnedAway: this.#turnedAway });
    this.#turnedAway = 0;
  }

  refused(reason: Refusal, errors: readonly string[] = []): void {
    this.#instruments.refused(reason);
    if (reason !== 'overload' && reason !== 'unavailable') return;
    if (this.#turnedAway === 0) this.#log.warn('events are turned away with 503', { reason, errors });
    this.#turnedAway += 1;
  }

  /** A bug of ours: the sender was answered 500. */
  failed(error: unknown): void {
    this.#instruments.refused('failed');
    this.#log.error('a request failed', { error });
  }
}
