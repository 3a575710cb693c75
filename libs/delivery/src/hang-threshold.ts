import { type Deliverable, type KeyQueue } from './key-queue';

/** An attempt that takes longer counts as slow. */
const SLOW_MS = 2_000;
/** A key that responds, if slowly, is interrupted no more often than this: interrupted events are sent again. */
export const INTERRUPT_EVERY_MS = 60_000;
/** An attempt hangs if it takes this many times as long as responses usually do. */
const HANG_FACTOR = 3;
/** Responses older than this are ignored. */
const RECENT_MS = 60_000;
const RECOMPUTE_EVERY_MS = 1_000;

/**
 * How long an attempt may take before it counts as hanging: if all keys of a destination are slow, none of them is
 * the cause.
 */
export class HangThreshold<M extends Deliverable> {
  #ms = SLOW_MS;
  #computedAt = Number.NEGATIVE_INFINITY;

  /**
   * Milliseconds, from the keys of one destination. Each key counts once, so that a slow one with much to send does
   * not dominate.
   */
  ms(keys: Iterable<KeyQueue<M>>, now: number): number {
    if (now - this.#computedAt < RECOMPUTE_EVERY_MS) return this.#ms;
    this.#computedAt = now;
    const times: number[] = [];
    for (const { respondedAt, responseTimeMs } of keys) if (now - respondedAt < RECENT_MS) times.push(responseTimeMs);
    times.sort((a, b) => a - b);
    const usual = times[(times.length - 1) >> 1] ?? 0;
    this.#ms = Math.max(SLOW_MS, HANG_FACTOR * usual);
    return this.#ms;
  }
}
