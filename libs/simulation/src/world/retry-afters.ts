import { type EventRequest } from './requests';

/**
 * How long after a response a request of the same key may still be sent that a worker had decided on before: it asks Redis
 * first, for two seconds at most; ms.
 */
const DECIDED_MS = 2_100;

/** Until when workers have to wait with a key, because PagerDuty said so. */
export class RetryAfters {
  /** By worker and key: what its longest wait is. */
  readonly #waits = new Map<string, { readonly since: number; readonly until: number }>();
  /** Requests that were sent while their worker had to wait. */
  readonly early: EventRequest[] = [];

  /** A worker got a response that asks it to wait with the key. */
  responded(request: EventRequest, waitMs: number, now: number): void {
    const wait = this.#waits.get(nameOf(request));
    if (now + waitMs <= (wait?.until ?? 0)) return;
    const since = wait !== undefined && now < wait.until ? wait.since : now;
    this.#waits.set(nameOf(request), { since, until: now + waitMs });
  }

  sent(request: EventRequest): void {
    const { since, until } = this.#waits.get(nameOf(request)) ?? { since: 0, until: 0 };
    if (request.at > since + DECIDED_MS && request.at < until) this.early.push(request);
  }
}

function nameOf({ process, event: { routingKey } }: EventRequest): string {
  return `${process.name} ${routingKey}`;
}
