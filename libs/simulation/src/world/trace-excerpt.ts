import { type SimulationReport } from './simulate';

/** Lines that matter whatever failed: what happened to the world, and what its processes logged. */
const ALWAYS =
  /FAULT|logs (info|warn|error)|is killed|exits|is paused|continues|connections of .* break|fails over|power fails|wall clock/;
/** Lines between the first and the last that are shown. */
const MOST_LINES = 400;

/** The part of a trace that concerns the first problem: its alert, the faults, and what processes logged. */
export function traceExcerptOf({ trace, problems }: SimulationReport): readonly string[] {
  const alert = problems.find((problem) => problem.alert !== undefined)?.alert;
  const lines = trace.filter((line) => ALWAYS.test(line) || (alert !== undefined && line.includes(`${alert}/`)));
  if (lines.length <= MOST_LINES) return lines;
  const half = MOST_LINES / 2;
  return [...lines.slice(0, half), `… ${lines.length - MOST_LINES} lines …`, ...lines.slice(-half)];
}
