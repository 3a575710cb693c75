import { workspaceRoot } from '@pdaltagent/testing';
import { build } from 'esbuild';
import { readFileSync } from 'node:fs';
import path from 'node:path';

export interface Mutation {
  /** Below the root of the workspace. */
  readonly file: string;
  /** A text that stands in the file exactly once. */
  readonly from: string;
  readonly to: string;
}

/**
 * Builds an app with one text of its sources replaced, to prove that a test notices. Resolves with the bundle's path.
 * @throws Error where the text does not stand in the file exactly once: then the mutation has to be written anew
 */
export async function buildMutant(app: string, { file, from, to }: Mutation, folder: string): Promise<string> {
  const root = workspaceRoot();
  const source = path.join(root, file);
  const text = readFileSync(source, 'utf8');
  if (text.split(from).length !== 2) throw new Error(`${file} does not hold exactly once:\n${from}`);
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
          bundling.onLoad({ filter: /\.ts$/ }, (loaded) =>
            loaded.path === source ? { contents: text.replace(from, () => to), loader: 'ts' } : undefined,
          );
        },
      },
    ],
  });
  return outfile;
}
