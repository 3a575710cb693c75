// `npm run simulate -- [options]`: bundles the simulation, with a mutant's patch if one is given, and runs it.
import { build } from 'esbuild';
import { spawnSync } from 'node:child_process';
import { MUTANTS, patching } from '../libs/simulation/mutants.mjs';

const args = process.argv.slice(2);
const at = args.indexOf('--mutant');
const [, name] = at === -1 ? [] : args.splice(at, 2);
if (at !== -1 && !Object.hasOwn(MUTANTS, name ?? '')) {
  process.stderr.write('the mutants, each with a seed that finds it:\n');
  for (const [mutant, { seed }] of Object.entries(MUTANTS))
    process.stderr.write(`  ${mutant} (${seed ?? 'no seed known'})\n`);
  process.exit(name === 'list' ? 0 : 2);
}

const outfile = name === undefined ? 'dist/simulate.js' : `dist/mutants/${name.replaceAll(' ', '-')}.js`;
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
  plugins: name === undefined ? [] : [patching(MUTANTS[name])],
});
const run = spawnSync(process.execPath, ['--enable-source-maps', outfile, ...args], { stdio: 'inherit' });
process.exit(run.status ?? 1);
