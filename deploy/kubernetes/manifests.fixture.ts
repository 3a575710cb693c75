import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { textOf } from '../services.fixture';

const FOLDER = 'deploy/kubernetes';

export const manifestSchema = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string() }),
});
export type Manifest = z.infer<typeof manifestSchema>;

const kustomizationSchema = z.looseObject({ resources: z.array(z.string()) });

/** The manifests of a YAML text with one or more documents. */
export function manifestsOf(text: string): Manifest[] {
  return parseAllDocuments(text).map((document) => {
    if (document.errors[0]) throw document.errors[0];
    return manifestSchema.parse(document.toJS());
  });
}

/** Every manifest listed in a folder's kustomization.yaml, including those of its bases. */
export function manifestsNamedBy(folder: string): Manifest[] {
  const { resources } = kustomizationSchema.parse(parse(textOf(path.join(FOLDER, folder, 'kustomization.yaml'))));
  return resources.flatMap((resource) => {
    const target = path.join(folder, resource);
    return resource.endsWith('.yaml') ? manifestsOf(textOf(path.join(FOLDER, target))) : manifestsNamedBy(target);
  });
}

/** What `kubectl kustomize` builds from a folder; undefined if kubectl is missing or too old to build it. */
export function builtByKubectl(folder: string): Manifest[] | undefined {
  if (!hasKubectl()) return undefined;
  return manifestsOf(execFileSync('kubectl', ['kustomize', path.resolve(__dirname, folder)], { encoding: 'utf8' }));
}

/** kubectl reports its version of kustomize only if that supports everything that is used here. */
function hasKubectl(): boolean {
  try {
    const output = execFileSync('kubectl', ['version', '--client', '--output=json'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return output.includes('"kustomizeVersion"');
  } catch {
    return false;
  }
}
