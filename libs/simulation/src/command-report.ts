import { describeFault, type Fault } from './world/faults';
import { type Problem } from './world/oracle';
import { type SimulationReport } from './world/simulate';

/** Prints results; `progress` is not part of them. */
export interface Output {
  readonly write: (text: string) => void;
  readonly progress: (text: string) => void;
}

/** Of each seed that fails. */
const MOST_PROBLEMS = 5;

/** What a seed did, with its faults and what does not hold. */
export function describe({ seed, faults, problems, accepted, steps }: SimulationReport): string {
  const shown = problems
    .slice(0, MOST_PROBLEMS)
    .map(({ check, detail }) => `  violated: ${check}\n            ${detail}`);
  const more = problems.length > shown.length ? [`  and ${problems.length - shown.length} more`] : [];
  return lines([
    `seed ${seed}: ${accepted} events accepted, ${steps} steps, ${problems.length === 0 ? 'all checks passed' : 'FAILED'}`,
    ...described(faults),
    ...shown,
    ...more,
  ]);
}

/** @param smallest the same seed with as few faults as make it fail in the same way */
export function describeSmallest(found: SimulationReport, smallest: SimulationReport): string {
  const [all, few] = [found.faults.length, smallest.faults.length];
  if (few === all) return lines([all === 0 ? 'It fails without any fault.' : 'Each of its faults is needed.']);
  if (few === 0) return lines(['It fails in the same way without any fault.']);
  return lines([`It fails in the same way with ${few} of its ${all} faults:`, ...described(smallest.faults)]);
}

/** A problem, and the moments that show it. */
export function describeViolation({ check, detail, evidence = [] }: Problem): string {
  const moments = [...evidence].sort((left, right) => left.at - right.at);
  return lines([
    `Violated: ${check}.`,
    `  ${detail}`,
    ...moments.map(({ at, text }) => `  ${(at / 1_000).toFixed(4)} s: ${text}`),
  ]);
}

/** How a seed was run. */
export interface RunAs {
  /** The fault that was put into the sources. */
  readonly mutant: string | undefined;
  readonly hasJournal: boolean;
}

/** The command that runs a seed again. */
export function reproducing(seed: number, { mutant, hasJournal }: RunAs, faults?: readonly Fault[]): string {
  const options = [
    ...(hasJournal ? ['--journal'] : []),
    ...(mutant === undefined ? [] : [`--mutant=${quoted(mutant)}`]),
    // The kinds of faults may have apostrophes, which are hard to read once quoted.
    ...(faults === undefined ? [] : [`--faults=${quoted(JSON.stringify(faults).replaceAll("'", '\\u0027'))}`]),
  ];
  return ['npm run simulate -- --seed', seed, ...options].join(' ');
}

/** As one word of a shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function described(faults: readonly Fault[]): readonly string[] {
  return faults.map((fault) => `  ${describeFault(fault)}`);
}

function lines(texts: readonly string[]): string {
  return texts.map((text) => `${text}\n`).join('');
}
