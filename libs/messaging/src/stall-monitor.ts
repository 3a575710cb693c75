import { type BrokerLiveness } from './broker-liveness';

/** How often lanes are looked at for keys that hold up their neighbours; milliseconds. */
export const CHECK_EVERY_MS = 250;
/** A look that is due so late comes behind a pause of the process. */
const LATE_MS = 1_000;

/** Has keys that hold up their neighbours looked for whenever the age of an attempt tells something about its key. */
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
    // What was answered in a pause is read before the next look; what waits for a sign of the broker is not on the wire.
    if (!isLate && this.#liveness.ownsLanes) this.#check();
  }
}
