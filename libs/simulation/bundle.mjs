// The simulation, bundled from the sources in memory, with a mutant's patch if one is given.
import { build } from 'esbuild';
import { Module } from 'node:module';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
/** Where the bundle would be: its source map and what it requires are relative to that. */
const OUTPUT = path.join(ROOT, 'dist', 'simulation.js');

/**
 * What libs/simulation exports.
 * @param mutant of src/mutants; undefined for the sources as they are
 * @throws Error if its patch does not fit the sources
 */
export async function loadSimulation(mutant) {
  const { outputFiles } = await build({
    absWorkingDir: ROOT,
    entryPoints: ['libs/simulation/src/index.ts'],
    outfile: OUTPUT,
    write: false,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    external: ['classic-level'],
    sourcemap: 'inline',
    logLevel: 'warning',
    plugins: mutant === undefined ? [] : [patching(mutant)],
  });
  const bundle = new Module(OUTPUT);
  bundle.filename = OUTPUT;
  bundle.paths = Module._nodeModulePaths(path.dirname(OUTPUT));
  bundle._compile(outputFiles[0].text, OUTPUT);
  return bundle.exports;
}

function patching({ edits }) {
  return {
    name: 'mutant',
    setup(build) {
      for (const file of new Set(edits.map((edit) => edit.file))) {
        build.onLoad({ filter: new RegExp(`${file.replace(/[.]/g, '\\.')}$`) }, async ({ path: source }) => {
          let contents = await readFile(source, 'utf8');
          for (const { from, to } of edits.filter((edit) => edit.file === file)) {
            if (contents.split(from).length !== 2) throw new Error(`${file}: not found once: ${from}`);
            contents = contents.replace(from, () => to);
          }
          return { contents, loader: 'ts' };
        });
      }
    },
  };
}
