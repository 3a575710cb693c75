/** Consecutive failures, over all keys, after which a destination counts as unavailable. */
export const FAILURES_TO_OPEN = 10;
/** If at most this many keys failed, they may be the cause themselves, however often they failed. */
const FEW_KEYS = 4;
/** A destination that has accepted nothing for this long no longer counts as accepting events. */
const RECENT_MS = 10 * 60_000;

/**
 * The circuit breaker of one destination. Open: nothing is sent but one probe at a time. If only few
 * keys have failed, they may be the cause: the others continue until they fail too. Times are of the monotonic clock.
 */
export class Circuit {
  readonly #suspects = new Set<string>();
  #failures = 0;
  #isOpen = false;
  #lastSuccessAt = Number.NEGATIVE_INFINITY;
  #closedAt = Number.NEGATIVE_INFINITY;
  /** When the first success after the latest outage was. */
  #acceptingSince: number | undefined;

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** When it last closed. */
  get closedAt(): number {
    return this.#closedAt;
  }

  /** Since when the destination has accepted events without an outage; undefined if it does not accept events now. */
  acceptingSince(now: number): number | undefined {
    return now - this.#lastSuccessAt > RECENT_MS ? undefined : this.#acceptingSince;
  }

  /** Whether the key has failed since the destination last responded. */
  hasFailed(routingKey: string): boolean {
    return this.#suspects.has(routingKey);
  }

  /** Whether an event of the key may be sent without being a probe. */
  admits(routingKey: string): boolean {
    return !this.#isOpen || (this.#suspects.size <= FEW_KEYS && !this.#suspects.has(routingKey));
  }

  /** Whether the key is one of few that failed: it may delay others that would succeed. */
  mayBeAtFault(routingKey: string): boolean {
    return this.#suspects.size <= FEW_KEYS && this.#suspects.has(routingKey);
  }

  /** The destination responded. Returns true if this closed the circuit. */
  recordResponse(isAccepted: boolean, now: number): boolean {
    if (isAccepted) {
      this.#acceptingSince = this.acceptingSince(now) ?? now;
      this.#lastSuccessAt = now;
    }
    const wasOpen = this.#isOpen;
    if (wasOpen) this.#closedAt = now;
    this.#failures = 0;
    this.#isOpen = false;
    this.#suspects.clear();
    return wasOpen;
  }

  /**
   * An attempt for the key, which began at `attemptedAt`, failed at the destination. Returns true if this opened the
   * circuit. Attempts that began before the last success are ignored: keys that hang would open the circuit repeatedly.
   */
  recordFailure(routingKey: string, attemptedAt: number): boolean {
    if (attemptedAt < this.#lastSuccessAt) return false;
    this.#failures += 1;
    this.#suspects.add(routingKey);
    if (this.#isOpen || this.#failures < FAILURES_TO_OPEN) return false;
    this.#isOpen = true;
    this.#acceptingSince = undefined;
    return true;
  }
}
