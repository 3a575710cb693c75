// Bundles the app of the current folder into dist/apps/<app>/<entry>.js: one file with everything it needs.
import { build } from 'esbuild';
import { chmod, readFile } from 'node:fs/promises';
import path from 'node:path';

const manifest = JSON.parse(await readFile('package.json', 'utf8'));
const app = path.basename(process.cwd());
/** A command names its file in package.json ("bin"); a service is main.js. Value: entry name to source file. */
const entryPoints = manifest.bundle ?? { main: 'src/main.ts' };
const isCommand = manifest.bundle !== undefined;

const outdir = path.resolve('../../dist/apps', app);
await build({
  entryPoints,
  outdir,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  sourcemap: isCommand ? false : 'linked',
  banner: isCommand ? { js: '#!/usr/bin/env node' } : {},
  define: { 'process.env.PDALTAGENT_VERSION': JSON.stringify(manifest.version) },
  logLevel: 'warning',
});
if (isCommand) await Promise.all(Object.keys(entryPoints).map((name) => chmod(path.join(outdir, `${name}.js`), 0o755)));
