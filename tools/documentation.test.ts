import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const root = path.join(__dirname, '..');

/** Every environment variable that is declared in the sources of the apps and of libs/service. */
function variablesRead(): string[] {
  const folders = [...readdirSync(path.join(root, 'apps')).map((app) => `apps/${app}/src`), 'libs/service/src'];
  const declared =
    /\b(?:text|secret|flag|integer|port|url|choice|custom|certificates)\(\s*'((?:PDAGENTD|PDSEND)_[A-Z_]+)'/g;
  return folders
    .flatMap((folder) =>
      readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' }).map((file) =>
        path.join(root, folder, file),
      ),
    )
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .flatMap((file) => [...readFileSync(file, 'utf8').matchAll(declared)].map(([, name]) => name ?? ''));
}

describe('the documentation', () => {
  it('describes exactly the variables that services read', () => {
    const documented = [
      ...readFileSync(path.join(root, 'docs/configuration.md'), 'utf8').matchAll(/^\| `(PDAGENTD_[A-Z_]+)`/gm),
    ].map(([, name]) => name);
    expect(new Set(documented)).toEqual(new Set(variablesRead().filter((name) => name.startsWith('PDAGENTD_'))));
  });

  it('has no broken links', () => {
    const readme = readFileSync(path.join(root, 'README.md'), 'utf8');
    const links = [...readme.matchAll(/\]\(([^)#:]+)\)/g)].map(([, target]) => target ?? '');
    expect(links.length).toBeGreaterThan(3);
    for (const link of links) expect(() => readFileSync(path.join(root, link))).not.toThrow();
  });
});
