/** Failures in a row, over all keys, after which a destination counts as away. */
export const FAILURES_TO_OPEN = 10;
/** So few keys may be at fault themselves, whatever their number of failures. */
const FEW_KEYS = 4;
/** A destination that took nothing for so long no longer counts as one that takes events. */
const RECENT_MS = 10 * 60_000;

/**
 * Whether one destination can be reached, as its attempts tell. Open: nothing is sent but one probe at a time. Where only few
 * keys have failed, it may be they that are at fault: the others go on until they fail too. Instants are of the monotonic clock.
 */
export class Circuit {
  readonly #suspects = new Set<string>();
  #failures = 0;
  #open = false;
  #lastSuccessAt = Number.NEGATIVE_INFINITY;
  #closedAt = Number.NEGATIVE_INFINITY;
  /** Its first success after the latest outage. */
  #acceptingSince: number | undefined;

  get open(): boolean {
    return this.#open;
  }

  /** When it last closed. */
  get closedAt(): number {
    return this.#closedAt;
  }

  /** Since when the destination takes events, without an outage between then and now; undefined: it does not. */
  acceptingSince(now: number): number | undefined {
    return now - this.#lastSuccessAt > RECENT_MS ? undefined : this.#acceptingSince;
  }

  /** Whether the key failed since the destination last answered. */
  hasFailed(routingKey: string): boolean {
    return this.#suspects.has(routingKey);
  }

  /** Whether an event of the key may be sent without being a probe. */
  admits(routingKey: string): boolean {
    return !this.#open || (this.#suspects.size <= FEW_KEYS && !this.#suspects.has(routingKey));
  }

  /** Whether the key is one of few that failed: it may hold up others that would get through. */
  mayBeAtFault(routingKey: string): boolean {
    return this.#suspects.size <= FEW_KEYS && this.#suspects.has(routingKey);
  }

  /** The destination answered. True where this closed the circuit. */
  answered(accepted: boolean, now: number): boolean {
    if (accepted) {
      this.#acceptingSince = this.acceptingSince(now) ?? now;
      this.#lastSuccessAt = now;
    }
    const wasOpen = this.#open;
    if (wasOpen) this.#closedAt = now;
    this.#failures = 0;
    this.#open = false;
    this.#suspects.clear();
    return wasOpen;
  }

  /**
   * The destination failed an event of the key, whose attempt began then. True where this opened the
   * circuit. What began before the last success tells of the past: keys that hang would open it again and again.
   */
  failed(routingKey: string, attemptedAt: number): boolean {
    if (attemptedAt < this.#lastSuccessAt) return false;
    this.#failures += 1;
    this.#suspects.add(routingKey);
    if (this.#open || this.#failures < FAILURES_TO_OPEN) return false;
    this.#open = true;
    this.#acceptingSince = undefined;
    return true;
  }
}
