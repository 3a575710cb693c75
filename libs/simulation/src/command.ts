import { findMutants } from './command-mutants';
import { HELP, listing, type Options, optionsIn } from './command-options';
import { replay } from './command-replay';
import { type Output } from './command-report';
import { search } from './command-search';
import { MUTANTS } from './mutants/mutants';
import { type LoadSimulation } from './simulation';

/**
 * Runs `npm run simulate`.
 * @returns its exit code: 1 if a seed fails or a mutant is not found, 2 if an option is wrong
 */
export async function runCommand(args: readonly string[], output: Output, load: LoadSimulation): Promise<number> {
  let options: Options;
  try {
    options = optionsIn(args);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    output.write(`${message}\n\nnpm run simulate -- --help explains the options.\n`);
    return 2;
  }
  const { isHelp, seed, mutant } = options;
  if (isHelp || mutant === 'list') {
    output.write(isHelp ? HELP : `the mutants, each with a seed that shows it:\n${listing()}`);
    return 0;
  }
  if (mutant === 'all') return findMutants(options, output, load);
  const patch = mutant === undefined ? undefined : MUTANTS.get(mutant);
  const simulation = patch === undefined ? { search, replay } : await load(patch);
  return seed === undefined ? simulation.search(options, output) : simulation.replay(seed, options, output);
}
