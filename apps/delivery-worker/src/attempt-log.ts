import { type Clock, SYSTEM_CLOCK } from '@pdaltagent/clock';
import { type Outcome } from '@pdaltagent/delivery';
import { type IncomingMessage } from '@pdaltagent/messaging';
import { type Logger, maskKey } from '@pdaltagent/service';

/** Further failures within this time are logged at level debug only; milliseconds. */
const QUIET_MS = 60_000;

/**
 * Logs every attempt at level debug, with the id from the response to the sender. The first failure, and then at most
 * one a minute, is a warning, because an outage of PagerDuty is logged only once several keys fail.
 */
export class AttemptLog {
  readonly #log: Pick<Logger, 'debug' | 'warn'>;
  readonly #clock: Clock;
  #quietUntil = -Infinity;

  constructor(log: Pick<Logger, 'debug' | 'warn'>, clock: Clock = SYSTEM_CLOCK) {
    this.#log = log;
    this.#clock = clock;
  }

  record({ id, type, routingKey }: Pick<IncomingMessage, 'id' | 'type' | 'routingKey'>, outcome: Outcome): void {
    const fields = { id, type, key: maskKey(routingKey), outcome: outcome.kind, ...detailOf(outcome) };
    if (outcome.kind === 'delivered') return this.#log.debug('event delivered', fields);
    const now = this.#clock.monotonic();
    if (outcome.kind !== 'failed' || now < this.#quietUntil) return this.#log.debug('event not delivered', fields);
    this.#quietUntil = now + QUIET_MS;
    this.#log.warn(
      'an event could not be delivered: it is retried; further failures are logged at most once a minute',
      fields,
    );
  }
}

/** The text of a response is not logged: it may repeat the event. */
function detailOf(outcome: Outcome): Readonly<Record<string, unknown>> {
  if (outcome.kind !== 'failed') return 'status' in outcome ? { status: outcome.status } : {};
  const { reason, status, detail } = outcome;
  return status === undefined ? { reason, detail } : { reason, status };
}
