import { type BrokerLiveness } from './broker-liveness';

/** How often lanes are checked for keys that block them; milliseconds. */
export const CHECK_EVERY_MS = 250;
/** A check that is this late follows a pause of the process. */
const LATE_MS = 1_000;

/** Runs the stall check periodically, except right after the process was paused or while the broker is silent. */
export class StallMonitor {
  readonly #liveness: Pick<BrokerLiveness, 'ownsLanes'>;
  readonly #check: () => void;
  #lastDueAt = Number.NEGATIVE_INFINITY;

  constructor(liveness: Pick<BrokerLiveness, 'ownsLanes'>, look: () => void) {
    this.#liveness = liveness;
    this.#check = look;
  }

  /** To be called every `LOOK_EVERY_MS`; `now` is of the monotonic clock. */
  due(now: number): void {
    const isLate = now - this.#lastDueAt > CHECK_EVERY_MS + LATE_MS;
    this.#lastDueAt = now;
    // Responses that arrived during a pause are read before the next check; attempts that wait for the broker are not
    // in flight.
    if (!isLate && this.#liveness.ownsLanes) this.#check();
  }
}
