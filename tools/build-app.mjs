// Bundles the app in the current folder into dist/apps/<app>/<entry>.js: one file with everything it needs. Native modules, which
// cannot be bundled, are copied next to it: to prebuilds/ for every platform, where node-gyp-build finds them, and to
// node_modules/@libsql/ for those platforms that are installed, where libsql finds them. Shell scripts are concatenated from the files
// that package.json lists ("concatenate").
import { build } from 'esbuild';
import { existsSync } from 'node:fs';
import { chmod, cp, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { licenceTexts } from './licenses.mjs';

const manifest = JSON.parse(await readFile('package.json', 'utf8'));
const app = path.basename(process.cwd());
/** Entry name to source file: a command lists its files in package.json ("bundle"); a service is main.js, and its threads ("threads"). */
const entryPoints = { ...(manifest.bundle ?? { main: 'src/main.ts' }), ...manifest.threads };
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
  // V8 keeps the source of a long-running service in memory. A command is short-lived, and people may read its source.
  ...(isCommand ? {} : { minifyWhitespace: true, minifySyntax: true, lineLimit: 160, legalComments: 'linked' }),
  banner: isCommand ? { js: '#!/usr/bin/env node' } : {},
  define: { 'process.env.PDALTAGENT_VERSION': JSON.stringify(manifest.version) },
  logLevel: 'warning',
  metafile: true,
});
await Promise.all(Object.keys(manifest.bundle ?? {}).map((name) => chmod(path.join(outdir, `${name}.js`), 0o755)));

// A single character beyond Latin-1 would double the memory for the source. esbuild escapes these characters everywhere except in
// regular expressions, where an escape has the same meaning.
if (!isCommand) {
  const escaped = (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  for (const name of Object.keys(entryPoints)) {
    const file = path.join(outdir, `${name}.js`);
    const source = await readFile(file, 'utf8');
    await writeFile(file, source.replace(/[\u0100-\uffff]/g, escaped));
  }
}

// Only the files that ended up in the bundles, without unused ones.
const packagesOf = ({ inputs }) =>
  Object.keys(inputs).flatMap((input) => /^.*\/node_modules\/(@[^/]+\/)?[^/]+/.exec(input)?.[0] ?? []);
const packages = new Set(Object.values(metafile.outputs).flatMap(packagesOf));
if (packages.size > 0)
  await writeFile(path.join(outdir, 'THIRD-PARTY-LICENSES.txt'), await licenceTexts([...packages]));

/** The binaries of libsql are packages of their own, one for each platform; npm installs those for its own operating system. */
const LIBSQL_PLATFORMS = ['linux-x64', 'linux-arm64'].flatMap((platform) => [`${platform}-gnu`, `${platform}-musl`]);
LIBSQL_PLATFORMS.push('darwin-x64', 'darwin-arm64');

/** What a package needs beside the bundle: from which folder to which, in the app's. */
function nativeFilesOf(folder) {
  const binaries = LIBSQL_PLATFORMS.map((platform) => `@libsql/${platform}`);
  const files =
    path.basename(folder) === 'libsql'
      ? binaries.map((name) => ({ from: path.join(path.dirname(folder), name), to: path.join('node_modules', name) }))
      : [{ from: path.join(folder, 'prebuilds'), to: 'prebuilds' }];
  return files.filter(({ from }) => existsSync(from));
}

// A command is copied without its folder: into images, to other hosts. Only its threads may need more.
for (const { entryPoint, ...output } of Object.values(metafile.outputs)) {
  const native = packagesOf(output).flatMap(nativeFilesOf);
  if (Object.values(manifest.bundle ?? {}).includes(entryPoint) && native.length > 0)
    throw new Error(`a command must not need native code: ${native.map(({ from }) => from).join(', ')}`);
}
// With what an earlier build left, a bundle would work here and nowhere else.
await rm(path.join(outdir, 'node_modules'), { recursive: true, force: true });
const native = [...packages].flatMap(nativeFilesOf);
await Promise.all(native.map(({ from, to }) => cp(from, path.join(outdir, to), { recursive: true })));

for (const [name, files] of Object.entries(manifest.concatenate ?? {})) {
  const parts = await Promise.all(files.map((file) => readFile(file, 'utf8')));
  const text = parts.join('\n').replaceAll('@VERSION@', manifest.version);
  await writeFile(path.join(outdir, name), text, { mode: 0o755 });
}
