// Bundles the app of the current folder into dist/apps/<app>/<entry>.js: one file with everything it needs. What cannot be
// bundled, the native half of a package, lies beside it in prebuilds/ for every platform, where node-gyp-build looks for it.
// A shell script is put together from the files that package.json lists ("concatenate").
import { build } from 'esbuild';
import { existsSync } from 'node:fs';
import { chmod, cp, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';

const manifest = JSON.parse(await readFile('package.json', 'utf8'));
const app = path.basename(process.cwd());
/** A command names its file in package.json ("bin"); a service is main.js. Value: entry name to source file. */
const entryPoints = manifest.bundle ?? { main: 'src/main.ts' };
const isCommand = manifest.bundle !== undefined;

const outdir = path.resolve('../../dist/apps', app);
const { metafile } = await build({
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
  metafile: true,
});
if (isCommand) await Promise.all(Object.keys(entryPoints).map((name) => chmod(path.join(outdir, `${name}.js`), 0o755)));

const packages = new Set(
  Object.keys(metafile.inputs).flatMap((input) => /^.*\/node_modules\/(@[^/]+\/)?[^/]+/.exec(input)?.[0] ?? []),
);
const prebuilds = [...packages].map((folder) => path.join(folder, 'prebuilds')).filter((folder) => existsSync(folder));
await Promise.all(prebuilds.map((folder) => cp(folder, path.join(outdir, 'prebuilds'), { recursive: true })));

for (const [name, files] of Object.entries(manifest.concatenate ?? {})) {
  const parts = await Promise.all(files.map((file) => readFile(file, 'utf8')));
  await writeFile(path.join(outdir, name), parts.join('\n'), { mode: 0o755 });
}
