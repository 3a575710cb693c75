// `npm run simulate -- [options]`: bundles the simulation, with a mutant's patch if one is given, and runs it.
import { build } from 'esbuild';
import { spawnSync } from 'node:child_process';
import { MUTANTS, patching } from '../libs/simulation/mutants.mjs';

const args = process.argv.slice(2);
const mutant = mutantIn(args);
if (mutant === 'list') {
  process.stdout.write(`the mutants, each with a seed that finds it:\n${listing()}`);
  process.exit(0);
}
if (mutant !== undefined && !Object.hasOwn(MUTANTS, mutant)) {
  process.stderr.write(`--mutant must be one of these, not "${mutant}":\n${listing()}`);
  process.exit(2);
}

const outfile = mutant === undefined ? 'dist/simulate.js' : `dist/mutants/${mutant.replaceAll(' ', '-')}.js`;
await build({
  entryPoints: ['libs/simulation/src/main.ts'],
  outfile,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  external: ['classic-level'],
  sourcemap: 'inline',
  logLevel: 'warning',
  plugins: mutant === undefined ? [] : [patching(MUTANTS[mutant])],
});
const run = spawnSync(process.execPath, ['--enable-source-maps', outfile, ...args], { stdio: 'inherit' });
process.exit(run.status ?? 1);

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
