import { createRequire } from 'node:module';
import path from 'node:path';
import ts from 'typescript';
import { z } from 'zod';
import { type Manifest } from './manifests.fixture';

const load = createRequire(__filename);
const model = z.custom<new (manifest: Manifest) => { validate(): void }>((value) => typeof value === 'function');

/** @throws Error that names the field if the Kubernetes API would reject the manifest */
export function validate(manifest: Manifest): void {
  const models: unknown = load(`kubernetes-models/${manifest.apiVersion}`);
  const Model = z.object({ [manifest.kind]: model }).parse(models)[manifest.kind];
  if (Model === undefined) throw new Error(`${manifest.apiVersion} has no ${manifest.kind}`);
  new Model(manifest).validate();
}

/** There are many Kubernetes types, so each of their files is parsed only once. */
const parsed = new Map<string, ts.SourceFile | undefined>();

/**
 * Finds fields that the API does not know, which `validate` ignores: the compiler rejects an object literal with a
 * property that its type lacks.
 * @returns the compiler's messages; none if all is well
 */
export function unknownFields(manifests: readonly Manifest[]): string[] {
  const source = manifests
    .map((manifest, index) => {
      const type = `import('kubernetes-models/${manifest.apiVersion}').I${manifest.kind}`;
      return `export const manifest${index}: ${type} = ${JSON.stringify(manifest)};`;
    })
    .join('\n');
  const file = path.join(__dirname, 'manifests.generated.ts');
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: [],
    module: ts.ModuleKind.Preserve,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    target: ts.ScriptTarget.ES2023,
  };
  const disk = ts.createCompilerHost(options);
  // The file exists only in memory: nothing is left on disk, and concurrent tests do not see it.
  const host: ts.CompilerHost = {
    ...disk,
    fileExists: (name) => path.resolve(name) === file || disk.fileExists(name),
    getSourceFile: (name, version) => {
      if (path.resolve(name) === file) return ts.createSourceFile(name, source, version);
      const known = parsed.get(name) ?? disk.getSourceFile(name, version);
      parsed.set(name, known);
      return known;
    },
  };
  const program = ts.createProgram([file], options, host);
  return ts.getPreEmitDiagnostics(program).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}
