import { spawnSync } from 'node:child_process';
import path from 'node:path';

const ROOT = path.join(__dirname, '..');
const ESLINT = path.join(ROOT, 'node_modules/eslint/bin/eslint.js');

/** Of these modules, those that a file with this name may not import. */
function refusedIn(file: string, modules: readonly string[]): readonly string[] {
  const { stdout } = spawnSync(
    process.execPath,
    [ESLINT, '--config', 'eslint.boundaries.mjs', '--format', 'json', '--stdin', '--stdin-filename', file],
    { cwd: ROOT, input: modules.map((name) => `import '${name}';`).join('\n'), encoding: 'utf8' },
  );
  const [result] = JSON.parse(stdout) as readonly { readonly messages: readonly { readonly line: number }[] }[];
  return [...new Set(result?.messages.map(({ line }) => modules[line - 1] ?? ''))];
}

const MODULES = [
  'node:fs',
  '@pdaltagent/clock',
  '@pdaltagent/events',
  '@pdaltagent/scrubber',
  '@pdaltagent/service',
  '@pdaltagent/store',
  '@pdaltagent/testing',
  '@pdaltagent/cli',
  '@pdaltagent/events/src/keys',
];
const NEVER = ['@pdaltagent/cli', '@pdaltagent/events/src/keys'];
const ADAPTERS = ['@pdaltagent/service', '@pdaltagent/store'];

describe('the import rules of the layers', () => {
  it.each([
    ['libs/clock', ['node:fs', '@pdaltagent/events', '@pdaltagent/scrubber', ...ADAPTERS, '@pdaltagent/testing']],
    ['libs/delivery', ['node:fs', ...ADAPTERS, '@pdaltagent/testing']],
    ['libs/http', [...ADAPTERS, '@pdaltagent/testing']],
    ['apps/ingest-gateway', ['@pdaltagent/testing']],
    ['apps/pd-send', ['@pdaltagent/clock', '@pdaltagent/scrubber', ...ADAPTERS, '@pdaltagent/testing']],
    [
      'apps/pagerduty-simulator',
      ['@pdaltagent/clock', '@pdaltagent/scrubber', '@pdaltagent/store', '@pdaltagent/testing'],
    ],
    ['apps/demo', []],
    ['e2e', []],
  ])('reject in %s exactly the imports that its layer may not have', (folder, refused) => {
    const all = [...refused, ...NEVER];
    // The clock may not import itself by its name either.
    const own = folder === 'libs/clock' ? ['@pdaltagent/clock'] : [];
    expect(new Set(refusedIn(`${folder}/src/any.ts`, MODULES))).toEqual(new Set([...all, ...own]));
  });

  it('allow tests all imports except apps and files inside packages', () => {
    expect(refusedIn('libs/delivery/src/any.test.ts', MODULES)).toEqual(NEVER);
  });
});
