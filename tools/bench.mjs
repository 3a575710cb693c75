// `npm run bench -- <name> [arguments]`: builds, bundles bench/src/, and runs bench/src/<name>.ts; without a name, targets.ts.
import { build } from 'esbuild';
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';

const names = readdirSync('bench/src')
  .filter((file) => file.endsWith('.ts'))
  .map((file) => path.basename(file, '.ts'));
const [name = 'targets', ...rest] = process.argv.slice(2);
if (!names.includes(name)) {
  const problem = name === '--help' ? '' : `there is no benchmark "${name}"\n`;
  process.stderr.write(`${problem}usage: npm run bench -- ${names.join(' | ')} [options]\n`);
  process.exit(name === '--help' ? 0 : 2);
}

const quiet = { ...process.env, NX_DAEMON: 'false', NX_NO_CLOUD: 'true', NX_TUI: 'false', NX_ISOLATE_PLUGINS: 'false' };
const built = spawnSync('npx', ['nx', 'run-many', '-t', 'build', '--output-style=static'], {
  env: quiet,
  encoding: 'utf8',
});
if (built.status !== 0) {
  process.stderr.write(built.stdout + built.stderr);
  process.exit(1);
}

// All of them: they use each other's helpers, some of which are processes of their own.
const entryPoints = readdirSync('bench/src', { recursive: true })
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
  .map((file) => path.join('bench/src', file));
await build({
  entryPoints,
  outdir: 'dist/bench',
  outbase: 'bench/src',
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  logLevel: 'warning',
});
const run = spawnSync(process.execPath, [`dist/bench/${name}.js`, ...rest], { stdio: 'inherit' });
process.exit(run.status ?? 1);
