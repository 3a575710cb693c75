import { type Mutant } from './mutant';
import { MUTANTS_OF_GATEWAYS } from './mutants-of-gateways';
import { MUTANTS_OF_PARKING } from './mutants-of-parking';
import { MUTANTS_OF_WORKERS } from './mutants-of-workers';

/** By name: what the product then does. */
export const MUTANTS: ReadonlyMap<string, Mutant> = new Map(
  Object.entries({ ...MUTANTS_OF_GATEWAYS, ...MUTANTS_OF_PARKING, ...MUTANTS_OF_WORKERS }),
);
