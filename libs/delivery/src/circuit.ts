/** Failures in a row, over all keys, after which a destination counts as away. */
export const FAILURES_TO_OPEN = 10;

/** Whether one destination can be reached, as its attempts tell. Open: nothing is sent but one probe at a time. */
export class Circuit {
  #failures = 0;
  #open = false;
  #lastSuccessAt = Number.NEGATIVE_INFINITY;

  get open(): boolean {
    return this.#open;
  }

  /** When the destination last took something; milliseconds since 1970. */
  get lastSuccessAt(): number {
    return this.#lastSuccessAt;
  }

  /** The destination answered. True where this closed the circuit. */
  answered(took: boolean, now: number): boolean {
    if (took) this.#lastSuccessAt = now;
    const wasOpen = this.#open;
    this.#failures = 0;
    this.#open = false;
    return wasOpen;
  }

  /** The destination failed. True where this opened the circuit. */
  failed(): boolean {
    this.#failures += 1;
    if (this.#open || this.#failures < FAILURES_TO_OPEN) return false;
    this.#open = true;
    return true;
  }
}
