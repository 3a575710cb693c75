import { type LaneOwner } from './lane-owner';

/** How long a lane is not released although others wait for memory. */
const TURN_MS = 2_000;
/** The same if no lane has acknowledged anything for as long: while PagerDuty is unavailable, the others would gain nothing. */
const TURN_WITHOUT_PROGRESS_MS = 10_000;

/** What a lane holds, when its last queue was opened, and when it last acknowledged something. */
export type LaneMemory = Pick<LaneOwner, 'bytes' | 'openedAt' | 'ackedAt'>;

/**
 * Which lane is to be released because all together hold more than the limit: the largest of those that have acknowledged something
 * since their last queue was opened. Another one would get the same messages again. It is released only if the others hold the limit
 * without it, and it was opened after them: so each lane has its turn, also if its first messages alone are too many. So would one
 * that exceeds the limit alone, as soon as it is taken again: it is released only if the others hold the limit. Invariant I10.
 */
export function excessLane<Lane extends LaneMemory>(lanes: readonly Lane[], limitBytes: number): Lane | undefined {
  const bytes = lanes.reduce((sum, lane) => sum + lane.bytes, 0);
  if (bytes <= limitBytes) return undefined;
  const largest = largestOf(lanes.filter(({ openedAt, ackedAt }) => ackedAt > openedAt));
  if (largest !== undefined)
    return largest.bytes <= limitBytes || bytes - largest.bytes >= limitBytes ? largest : undefined;
  // One of which no queue was opened has stray messages of its table's queue: it would get these again at once.
  const opened = lanes.filter((lane) => lane.bytes > 0 && Number.isFinite(lane.openedAt));
  const [last] = opened.sort((left, right) => right.openedAt - left.openedAt);
  return last !== undefined && bytes - last.bytes >= limitBytes ? last : undefined;
}

/** Which lane is to be released because others wait for memory: the largest that has had its turn. @param now monotonic */
export function laneForOthers<Lane extends LaneMemory>(lanes: readonly Lane[], now: number): Lane | undefined {
  const isStuck = lanes.every(({ ackedAt }) => now - ackedAt >= TURN_WITHOUT_PROGRESS_MS);
  const turnMs = isStuck ? TURN_WITHOUT_PROGRESS_MS : TURN_MS;
  return largestOf(lanes.filter(({ openedAt }) => now - openedAt >= turnMs));
}

/** Undefined if they hold nothing. */
function largestOf<Lane extends LaneMemory>(lanes: readonly Lane[]): Lane | undefined {
  const [largest] = lanes.filter(({ bytes }) => bytes > 0).sort((left, right) => right.bytes - left.bytes);
  return largest;
}
