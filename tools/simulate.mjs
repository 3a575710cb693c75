// `npm run simulate -- [options]`: bundles the simulation, with a mutant's patch if one is given, and runs it.
import { loadSimulation } from '../libs/simulation/bundle.mjs';
import { findMutants } from '../libs/simulation/find-mutants.mjs';
import { MUTANTS } from '../libs/simulation/mutants.mjs';

process.setSourceMapsEnabled(true);
// The reader may stop before the end, as `head` does.
process.stdout.on('error', (error) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(1);
});
const args = process.argv.slice(2);
const output = {
  write: (text) => process.stdout.write(text),
  progress: (text) => process.stderr.write(text),
};
const mutant = mutantIn(args);
if (mutant === 'list') process.stdout.write(`the mutants, each with a seed that finds it:\n${listing()}`);
else if (mutant === 'all') process.exitCode = await findMutants(args, output);
else if (mutant !== undefined && !Object.hasOwn(MUTANTS, mutant)) {
  process.stderr.write(`--mutant must be list, all, or one of these, not "${mutant}":\n${listing()}`);
  process.exitCode = 2;
} else {
  const { runCommand } = await loadSimulation(mutant === undefined ? undefined : MUTANTS[mutant]);
  process.exitCode = await runCommand(args, output);
}

/** Of `--mutant M` or `--mutant=M`; empty if M is missing. */
function mutantIn(options) {
  const at = options.findIndex((option) => option === '--mutant' || option.startsWith('--mutant='));
  if (at === -1) return undefined;
  return options[at] === '--mutant' ? (options[at + 1] ?? '') : options[at].slice('--mutant='.length);
}

function listing() {
  return Object.entries(MUTANTS)
    .map(([name, { seed }]) => `  ${name} (${seed ?? 'no seed known'})\n`)
    .join('');
}
