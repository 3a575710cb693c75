import { type Criterion } from '@pdaltagent/operations';
import { CliError } from '../terminal';

export interface CriterionOptions {
  readonly dedupKey?: string;
  readonly source?: string;
  readonly text?: string;
}

/** Shorter texts are in too many events. */
const SHORTEST_TEXT = 3;

/** @throws CliError unless exactly one of the three is given */
export function criterionOf({ dedupKey, source, text }: CriterionOptions): Criterion {
  const given: Criterion[] = [];
  if (dedupKey !== undefined) given.push({ kind: 'dedup-key', value: dedupKey });
  if (source !== undefined) given.push({ kind: 'source', value: source });
  if (text !== undefined) given.push({ kind: 'text', value: text });
  const [criterion] = given;
  if (criterion === undefined || given.length > 1)
    throw new CliError('select what to erase with --dedup-key, --source or --text (exactly one of them)', 2);
  if (criterion.kind === 'text' && criterion.value.length < SHORTEST_TEXT)
    throw new CliError(`--text must have at least ${SHORTEST_TEXT} characters`, 2);
  return criterion;
}
