import { type Deliverable, type KeyQueue } from './key-queue';

/** An attempt that takes longer holds its key up. */
export const SLOW_MS = 2_000;
/** A key that answers, if slowly, is interrupted no more often: what it had taken by then it is sent once more. */
export const INTERRUPT_EVERY_MS = 60_000;
/** An attempt that takes so many times what answers usually take hangs. */
const HANG_FACTOR = 3;
/** Answers that came so long ago tell nothing. */
const RECENT_MS = 60_000;
const RECOMPUTE_EVERY_MS = 1_000;

/** How long an attempt may take before it hangs: where all keys of a destination are slow, none of them is at fault. */
export class HangThreshold<M extends Deliverable> {
  #ms = SLOW_MS;
  #computedAt = Number.NEGATIVE_INFINITY;

  /** Milliseconds, by the keys of one destination: each has one voice, for a slow key with much to send tells of itself. */
  ms(keys: Iterable<KeyQueue<M>>, now: number): number {
    if (now - this.#computedAt < RECOMPUTE_EVERY_MS) return this.#ms;
    this.#computedAt = now;
    const took: number[] = [];
    for (const { answeredAt, answerTookMs } of keys) if (now - answeredAt < RECENT_MS) took.push(answerTookMs);
    took.sort((a, b) => a - b);
    const usual = took[(took.length - 1) >> 1] ?? 0;
    this.#ms = Math.max(SLOW_MS, HANG_FACTOR * usual);
    return this.#ms;
  }
}
