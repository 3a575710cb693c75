import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const ROOT = path.join(__dirname, '..');

/** The workspace packages that sources in the folder import. */
function importsIn(folder: string): string[] {
  const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  const imported = sources.flatMap((name) =>
    [...readFileSync(path.join(folder, name), 'utf8').matchAll(/from '(@pdaltagent\/[\w-]+)'/g)].map(
      ([, target]) => target,
    ),
  );
  return [...new Set(imported)].filter((target) => target !== undefined).toSorted();
}

interface Graph {
  readonly nodes: Record<string, { readonly data: { readonly targets: Record<string, unknown> } }>;
  readonly dependencies: Record<string, readonly { readonly target: string }[]>;
}

describe('the project graph', () => {
  let folder: string;
  let graph: Graph;
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'graph-'));
    const file = path.join(folder, 'graph.json');
    execFileSync(process.execPath, [path.join(ROOT, 'node_modules/nx/dist/bin/nx.js'), 'graph', `--file=${file}`], {
      cwd: ROOT,
      env: {
        ...process.env,
        NX_DAEMON: 'false',
        NX_NO_CLOUD: 'true',
        NX_TUI: 'false',
        NX_ISOLATE_PLUGINS: 'false',
        NX_SKIP_NATIVE_FILE_CACHE: 'true',
      },
      stdio: 'pipe',
    });
    ({ graph } = JSON.parse(readFileSync(file, 'utf8')) as { graph: Graph });
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('has the libraries of each app, so that a change in one rebuilds the app', () => {
    for (const app of readdirSync(path.join(ROOT, 'apps'))) {
      const known = (graph.dependencies[`@pdaltagent/${app}`] ?? []).map(({ target }) => target);
      expect(known).toEqual(expect.arrayContaining(importsIn(path.join(ROOT, 'apps', app, 'src'))));
    }
  });

  it('has the targets test, integration, typecheck and lint for every project, and build for every app', () => {
    const targetsOf = (name: string): readonly string[] =>
      Object.keys(graph.nodes[`@pdaltagent/${name}`]?.data.targets ?? {});
    const shared = ['test', 'integration', 'typecheck', 'lint'];
    for (const library of [...readdirSync(path.join(ROOT, 'libs')), 'e2e', 'bench']) {
      expect([library, targetsOf(library)]).toEqual([library, expect.arrayContaining(shared)]);
    }
    for (const app of readdirSync(path.join(ROOT, 'apps'))) {
      expect([app, targetsOf(app)]).toEqual([app, expect.arrayContaining([...shared, 'build'])]);
    }
  });
});
