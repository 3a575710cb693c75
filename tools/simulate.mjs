// `npm run simulate -- [options]`: bundles the simulation and runs it.
import { build } from 'esbuild';
import { spawnSync } from 'node:child_process';

const outfile = 'dist/simulate.js';
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
});
const run = spawnSync(process.execPath, ['--enable-source-maps', outfile, ...process.argv.slice(2)], {
  stdio: 'inherit',
});
process.exit(run.status ?? 1);
