import { type replay } from './command-replay';
import { type search } from './command-search';
import { type Mutant } from './mutants/mutant';
import { type simulate } from './world/simulate';

/** The simulation, bundled with the sources of the product. */
export interface Simulation {
  readonly simulate: typeof simulate;
  readonly search: typeof search;
  readonly replay: typeof replay;
}

/** Bundles it with a mutant. @throws Error if its edits do not fit the sources */
export type LoadSimulation = (mutant: Mutant) => Promise<Simulation>;
