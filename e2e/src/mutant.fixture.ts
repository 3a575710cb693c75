import { workspaceRoot } from '@pdaltagent/testing';
import { build } from 'esbuild';
import { readFileSync } from 'node:fs';
import path from 'node:path';

export interface Mutation {
  /** Path relative to the root of the workspace. */
  readonly file: string;
  /** A text that occurs in the file exactly once. */
  readonly from: string;
  readonly to: string;
}

/**
 * Builds an app with a bug injected into its sources, to prove that a test detects it. Resolves with the bundle's path.
 * @throws Error if a text does not occur in its file exactly once; then update the mutation
 */
export async function buildMutant(app: string, mutations: readonly Mutation[], folder: string): Promise<string> {
  const root = workspaceRoot();
  const sources = new Map<string, string>();
  for (const { file, from, to } of mutations) {
    const source = path.join(root, file);
    const text = sources.get(source) ?? readFileSync(source, 'utf8');
    if (text.split(from).length !== 2) throw new Error(`${file} does not contain exactly once:\n${from}`);
    sources.set(
      source,
      text.replace(from, () => to),
    );
  }
  const outfile = path.join(folder, 'mutant', app, 'main.js');
  await build({
    entryPoints: [path.join(root, 'apps', app, 'src', 'main.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    logLevel: 'warning',
    plugins: [
      {
        name: 'mutation',
        setup: (bundling) => {
          bundling.onLoad({ filter: /\.ts$/ }, (loaded) => {
            const contents = sources.get(loaded.path);
            return contents === undefined ? undefined : { contents, loader: 'ts' };
          });
        },
      },
    ],
  });
  return outfile;
}
