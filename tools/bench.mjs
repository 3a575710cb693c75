// `npm run bench -- <name> [arguments]`: builds, bundles bench/src/<name>.ts and its helpers in bench/src/<name>/, and runs it.
import { build } from 'esbuild';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';

const names = readdirSync('bench/src')
  .filter((file) => file.endsWith('.ts'))
  .map((file) => path.basename(file, '.ts'));
const [name, ...rest] = process.argv.slice(2);
if (!names.includes(name)) {
  const problem = name === undefined || name === '--help' ? '' : `there is no benchmark "${name}"\n`;
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

const helpers = `bench/src/${name}`;
const entryPoints = [
  `${helpers}.ts`,
  ...(existsSync(helpers) ? readdirSync(helpers).map((file) => path.join(helpers, file)) : []),
].filter((file) => !file.endsWith('.test.ts'));
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
