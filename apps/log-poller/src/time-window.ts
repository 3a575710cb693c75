import { type TimeWindow } from '@pdaltagent/rest-api';

const SECOND_MS = 1_000;
/** Entries carry whole seconds and clocks differ a little: the end lies a bit ahead, which costs nothing. */
const AHEAD_MS = 2 * SECOND_MS;

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
