import { type Discarded } from '@pdaltagent/messaging';
import { type Terminal } from '../terminal';
import { type ReplayOutcome } from './replay-items';

/** `1 dead letter`. */
export function countText(count: number): string {
  return `${count} dead ${count === 1 ? 'letter' : 'letters'}`;
}

/** Tells what came of sending `count` letters again. @returns whether all of it was done */
export function reportReplay(
  { error }: Pick<Terminal, 'error'>,
  count: number,
  { sent, left, failure }: ReplayOutcome,
): boolean {
  if (failure === undefined) error(`${sent} of ${countText(count)} sent again\n`);
  else error(`stopped after ${sent} of ${countText(count)}; no letter is lost, the rest stays: ${failure}\n`);
  if (left.length > 0)
    error(`${left.length} of those sent not removed: discard them, another replay would send them twice\n`);
  return failure === undefined && left.length === 0 && sent === count;
}

/** Tells what came of discarding letters. @returns whether all of it was done */
export function reportDiscarded({ error }: Pick<Terminal, 'error'>, { gone, left }: Discarded): boolean {
  error(`${countText(gone)} discarded\n`);
  if (left.length > 0) error(`${left.length} not removed, still there: discard again\n`);
  return left.length === 0;
}
