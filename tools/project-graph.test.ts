import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const ROOT = path.join(__dirname, '..');

/** Every package of ours that the sources under the folder import. */
function importsIn(folder: string): string[] {
  const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  const imported = sources.flatMap((name) =>
    [...readFileSync(path.join(folder, name), 'utf8').matchAll(/from '(@pdaltagent\/[\w-]+)'/g)].map(
      ([, target]) => target,
    ),
  );
  return [...new Set(imported)].filter((target) => target !== undefined).toSorted();
}

describe('the build', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), 'graph-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  it('knows which libraries each app is made of, so that a change in one builds the app anew', () => {
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
    const { graph } = JSON.parse(readFileSync(file, 'utf8')) as {
      graph: { dependencies: Record<string, { target: string }[]> };
    };
    for (const app of readdirSync(path.join(ROOT, 'apps'))) {
      const known = (graph.dependencies[`@pdaltagent/${app}`] ?? []).map(({ target }) => target);
      expect(known).toEqual(expect.arrayContaining(importsIn(path.join(ROOT, 'apps', app, 'src'))));
    }
  });
});
