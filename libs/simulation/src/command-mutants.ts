import { type Output } from './command-report';
import { type Mutant } from './mutants/mutant';
import { MUTANTS } from './mutants/mutants';
import { type LoadSimulation } from './simulation';
import { faultsOf } from './world/faults-of-seed';
import { simulate, type SimulationReport } from './world/simulate';

export interface FindOptions {
  /** How many seeds may be needed to find a mutant; undefined for the default. */
  readonly seeds: number | undefined;
  /** Where each search begins; undefined for the known seed of the mutant. */
  readonly from: number | undefined;
}

const SEEDS = 2_000;

/**
 * Searches each mutant for a seed that violates its check, and nothing without the mutant.
 * @returns the exit code: 1 if one is not found
 */
export async function findMutants(
  { seeds = SEEDS, from }: FindOptions,
  output: Output,
  load: LoadSimulation,
): Promise<number> {
  let missing = 0;
  for (const [name, mutant] of MUTANTS) {
    const first = from ?? mutant.seed;
    const found = await find(mutant, first, seeds, load);
    if (found === undefined) missing += 1;
    const result = found === undefined ? `NOT FOUND by ${seeds} seeds from ${first}` : `found by seed ${found}`;
    output.write(`${name}: ${result}: ${mutant.check}\n`);
  }
  return missing === 0 ? 0 : 1;
}

async function find(mutant: Mutant, first: number, seeds: number, load: LoadSimulation): Promise<number | undefined> {
  const { shownBy, check } = mutant;
  const mutated = await load(mutant);
  for (let seed = first; seed < first + seeds; seed += 1) {
    if (shownBy !== undefined && !faultsOf(seed).some(({ kind }) => kind === shownBy)) continue;
    if (!violates(await mutated.simulate(seed), check)) continue;
    if ((await simulate(seed)).problems.length === 0) return seed;
  }
  return undefined;
}

function violates({ problems }: SimulationReport, check: string): boolean {
  return problems.some((problem) => problem.check === check);
}
