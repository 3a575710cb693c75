import { describe, describeSmallest, describeViolation, type Output, reproducing, type RunAs } from './command-report';
import { type Fault } from './world/faults';
import { shrink } from './world/shrink';
import { simulate } from './world/simulate';
import { traceExcerptOf } from './world/trace-excerpt';

export interface ReplayOptions extends RunAs {
  /** Other faults than those of the seed. */
  readonly faults: readonly Fault[] | undefined;
  readonly isWholeTrace: boolean;
}

const LEGEND = `What happened, with the time in seconds. alert-3.0/17/1 is a message: the event 17 of alert-3.0, sent for the second time.
> marks what violates the check. docs/simulation.md explains more.
`;

/** Runs a seed as a search does, then with as few faults as make it fail, with a trace. The result is the exit code: 1 if the seed fails. */
export async function replay(
  seed: number,
  { faults, isWholeTrace, mutant, hasJournal }: ReplayOptions,
  { write }: Output,
): Promise<number> {
  const found = await simulate(seed, faults === undefined ? { hasJournal } : { faults, hasJournal });
  const hasFailed = found.problems.length > 0;
  write(describe(found));
  const smallest = hasFailed ? await shrink(found) : found;
  if (hasFailed) write(describeSmallest(found, smallest));
  if (smallest !== found) write(`To run only these: ${reproducing(seed, { mutant, hasJournal }, smallest.faults)}\n`);
  const { trace, problems } = await simulate(seed, { faults: smallest.faults, isTracing: true, hasJournal });
  const problem = problems.find(({ check }) => check === found.problems[0]?.check);
  write(`\n${LEGEND}\n${(isWholeTrace ? trace : traceExcerptOf(trace, problem)).join('\n')}\n\n`);
  if (problem !== undefined) write(describeViolation(problem));
  return hasFailed ? 1 : 0;
}
