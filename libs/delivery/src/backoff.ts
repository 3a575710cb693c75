export interface Backoff {
  /** Upper bound of the first wait; milliseconds. */
  readonly baseMs: number;
  /** Upper bound of every wait; milliseconds. */
  readonly capMs: number;
}

export const BACKOFF: Backoff = { baseMs: 1_000, capMs: 60_000 };

/**
 * How long to wait after the given number of failed attempts (1, 2, …): full jitter, so that messages that failed
 * together do not retry together. `random` is in [0, 1).
 *
 * Longest wait after n failures by default: 1 s, 2 s, 4 s, 8 s, 16 s, 32 s, then 60 s.
 */
export function backoffMs(failures: number, random: number, { baseMs, capMs }: Backoff = BACKOFF): number {
  return random * Math.min(capMs, baseMs * 2 ** Math.min(failures - 1, 30));
}
