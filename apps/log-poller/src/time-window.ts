import { type TimeWindow } from '@pdaltagent/rest-api';
import { type Times } from './clocks';

const SECOND_MS = 1_000;
/** The end is ahead of every clock we know, because PagerDuty's may be ahead of them; this costs nothing. */
const AHEAD_MS = 60 * SECOND_MS;
/** While PagerDuty's clock is unknown, ours may be days slow: an earlier end would miss new entries. */
const FAR_AHEAD_MS = 7 * 86_400 * SECOND_MS;

export interface WindowOptions {
  /** Where the very first read began: nothing before it is read. */
  readonly start: number;
  readonly cursor: number;
  readonly overlapMs: number;
  readonly times: Times;
}

/** What one cycle reads: from an overlap before the cursor (entries may appear late) to a fixed end. */
export function nextWindow({ start, cursor, overlapMs, times: { ours, pagerDuty } }: WindowOptions): TimeWindow {
  const since = Math.max(start, cursor - overlapMs);
  const latest = Math.max(ours, pagerDuty ?? ours, cursor);
  const until = latest + (pagerDuty === null ? FAR_AHEAD_MS : AHEAD_MS);
  return { since: Math.floor(since / SECOND_MS) * SECOND_MS, until: Math.ceil(until / SECOND_MS) * SECOND_MS };
}
