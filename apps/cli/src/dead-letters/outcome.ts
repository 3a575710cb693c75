import { type FactGroup } from '@pdaltagent/journal';
import { type Discarded } from '@pdaltagent/operations';
import { type Terminal } from '../terminal';
import { type ReplayOutcome } from './replay-items';

/** `1 dead letter`. */
export function countText(count: number): string {
  return `${count} dead ${count === 1 ? 'letter' : 'letters'}`;
}

/** Reports the outcome of replaying `count` dead letters. @returns whether it is complete */
export function reportReplay(
  { error }: Pick<Terminal, 'error'>,
  count: number,
  { sent, left, unchecked, failure }: ReplayOutcome,
): boolean {
  if (failure === undefined) error(`${sent} of ${countText(count)} replayed\n`);
  else
    error(
      `stopped after ${sent} of ${countText(count)}; none is lost, those that were not sent are still dead letters: ${failure}\n`,
    );
  if (left.length > 0)
    error(`${left.length} of those sent could not be removed: discard them, another replay would send them twice\n`);
  if (unchecked !== undefined)
    error(
      `those sent may still be dead letters: list them before another replay, which would send them twice: ${unchecked}\n`,
    );
  return failure === undefined && unchecked === undefined && left.length === 0 && sent === count;
}

/** The outcome of a discard: what is known to be removed, and why it stopped early. */
export interface DiscardOutcome extends Omit<Discarded, 'gone'> {
  readonly gone: readonly { readonly group: FactGroup; readonly id: string }[];
  readonly failure: string | undefined;
}

/** Reports the outcome of discarding dead letters. @returns whether it is complete */
export function reportDiscarded(
  { error }: Pick<Terminal, 'error'>,
  { discarded, left, failure }: Omit<DiscardOutcome, 'gone'>,
): boolean {
  if (failure === undefined) error(`${countText(discarded)} discarded\n`);
  else
    error(
      `stopped after ${countText(discarded)}; list the others, of which some may have been discarded: ${failure}\n`,
    );
  if (left.length > 0) error(`${left.length} could not be removed: discard again\n`);
  return failure === undefined && left.length === 0;
}
