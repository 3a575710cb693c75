import { describe, describeSmallest, describeViolation, type Output } from './command-report';
import { shrink } from './world/shrink';
import { simulate, type SimulationReport } from './world/simulate';
import { traceExcerptOf } from './world/trace-excerpt';

const LEGEND = `What happened, with the time in seconds. alert-3.0/17/1 is a message: the event 17 of alert-3.0, sent for the second time.
> marks what violates the check. docs/simulation.md explains more.
`;

/** Runs a seed as a search does, then with as few faults as make it fail, with a trace. The result is the exit code. */
export async function replay(
  seed: number,
  { isWholeTrace }: { readonly isWholeTrace: boolean },
  { write }: Output,
): Promise<number> {
  const found = await simulate(seed);
  const hasFailed = found.problems.length > 0;
  write(describe(found));
  const smallest = hasFailed ? await shrink(found) : found;
  if (hasFailed) write(describeSmallest(found, smallest));
  const report = await simulate(seed, { faults: smallest.faults, isTracing: true });
  write(`\n${LEGEND}\n${traceOf(report, isWholeTrace)}\n${describeViolation(report)}`);
  return hasFailed ? 1 : 0;
}

function traceOf(report: SimulationReport, isWhole: boolean): string {
  return `${(isWhole ? report.trace : traceExcerptOf(report)).join('\n')}\n`;
}
