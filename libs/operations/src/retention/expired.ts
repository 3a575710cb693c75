/** How long dead letters are kept, and how many bytes of them; undefined: without limit. */
export interface RetentionLimits {
  readonly maximumAgeMs: number | undefined;
  readonly maximumBytes: number | undefined;
}

/** What decides whether a dead letter is kept. */
export interface StoredDeadLetter {
  /** The message id, or a name derived from the content. */
  readonly id: string;
  readonly deliveryTag: number;
  /** Milliseconds since 1970; undefined if it says nothing about its time. */
  readonly deadAt: number | undefined;
  readonly bytes: number;
}

/** Dead letters over a limit. */
export interface Expired {
  readonly byAge: readonly StoredDeadLetter[];
  /** The oldest of those that are left after that. */
  readonly bySize: readonly StoredDeadLetter[];
}

/**
 * Selects the dead letters over the limits. One without a time never expires by age, and is the first to go for its size: neither a
 * worker nor the broker wrote it.
 * @param now milliseconds since 1970; undefined if it is not known: then none expires by age
 */
export function expiredAmong(
  stored: readonly StoredDeadLetter[],
  { maximumAgeMs = Infinity, maximumBytes = Infinity }: RetentionLimits,
  now: number | undefined,
): Expired {
  const isTooOld = ({ deadAt }: StoredDeadLetter): boolean =>
    now !== undefined && deadAt !== undefined && now - deadAt > maximumAgeMs;
  const byAge = stored.filter(isTooOld);
  const kept = stored.filter((deadLetter) => !isTooOld(deadLetter));
  const bySize: StoredDeadLetter[] = [];
  let excess = bytesOf(kept) - maximumBytes;
  if (excess <= 0) return { byAge, bySize };
  // Sorting is stable: those of the same time go in the order of the queue.
  for (const oldest of kept.sort((a, b) => (a.deadAt ?? 0) - (b.deadAt ?? 0))) {
    if (excess <= 0) break;
    bySize.push(oldest);
    excess -= oldest.bytes;
  }
  return { byAge, bySize };
}

export function bytesOf(stored: readonly StoredDeadLetter[]): number {
  return stored.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** When the oldest became a dead letter; undefined if none has a time. */
export function oldestIn(stored: readonly StoredDeadLetter[]): number | undefined {
  // No Math.min(...): there may be more than a call takes arguments.
  return stored.reduce<number | undefined>(
    (oldest, { deadAt }) => (deadAt !== undefined && deadAt < (oldest ?? Infinity) ? deadAt : oldest),
    undefined,
  );
}
