import { type TimeWindow } from '@pdaltagent/rest-api';

const SECOND_MS = 1_000;
/** The end lies ahead of every clock we know, for PagerDuty's own may be ahead of them: that costs nothing. */
const AHEAD_MS = 60 * SECOND_MS;
/** Entries carry whole seconds and clocks differ a little. What claims to be from later still is nonsense. */
const BELIEVED_MS = 2 * SECOND_MS;

export interface WindowStart {
  /** Where the very first reading began: nothing before it is read. */
  readonly start: number;
  readonly cursor: number;
  readonly overlapMs: number;
  /** The latest of the clocks that are known: ours and PagerDuty's. */
  readonly now: number;
}

/** What one round reads: from an overlap before the cursor (entries may appear late) to a fixed end. */
export function nextWindow({ start, cursor, overlapMs, now }: WindowStart): TimeWindow {
  const since = Math.max(start, cursor - overlapMs);
  const until = Math.max(now, cursor) + AHEAD_MS;
  return { since: Math.floor(since / SECOND_MS) * SECOND_MS, until: Math.ceil(until / SECOND_MS) * SECOND_MS };
}

/**
 * How far the cursor may go in a round that began at `now`: were it beyond, an entry that appears late would lie before the
 * overlap of the next round.
 */
export function farthestCursor(now: number): number {
  return now + BELIEVED_MS;
}
