import { type Api } from './events/routes';
import { type AlertChange, type ReceivedEvent } from './received-events';

/** Counts since the start or the last reset. */
export class Statistics {
  /** Requests whose body was incomplete. */
  cutShort = 0;
  #events = 0;
  #accepted = 0;
  #restRequests = 0;
  readonly #byApi = new Map<Api, number>();
  readonly #byStatus = new Map<string, number>();
  readonly #byAlert = new Map<AlertChange, number>();
  readonly #restByStatus = new Map<string, number>();

  /** Counts a request to the Events APIs, including swallowed ones. */
  countEvent({ api, status, accepted, alert }: ReceivedEvent): void {
    this.#events += 1;
    if (accepted) this.#accepted += 1;
    count(this.#byApi, api);
    count(this.#byStatus, status === null ? 'none' : String(status));
    if (accepted) count(this.#byAlert, alert);
  }

  countRest(status: number | null): void {
    this.#restRequests += 1;
    count(this.#restByStatus, status === null ? 'none' : String(status));
  }

  snapshot() {
    return {
      events: {
        received: this.#events,
        accepted: this.#accepted,
        cutShort: this.cutShort,
        byApi: Object.fromEntries(this.#byApi),
        /** "none": no response was sent. */
        byStatus: Object.fromEntries(this.#byStatus),
        /** Effects on alerts; "dropped": acknowledge or resolve without an open alert. */
        byAlert: Object.fromEntries(this.#byAlert),
      },
      rest: { requests: this.#restRequests, byStatus: Object.fromEntries(this.#restByStatus) },
    };
  }

  reset(): void {
    this.cutShort = 0;
    this.#events = 0;
    this.#accepted = 0;
    this.#restRequests = 0;
    for (const map of [this.#byApi, this.#byStatus, this.#byAlert, this.#restByStatus]) map.clear();
  }
}

function count<Key>(map: Map<Key, number>, key: Key): void {
  map.set(key, (map.get(key) ?? 0) + 1);
}
