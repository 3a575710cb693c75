import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const root = path.join(__dirname, '..');

/** Every environment variable that is declared in the sources of the apps and of libs/service. */
function variablesRead(): string[] {
  const folders = [...readdirSync(path.join(root, 'apps')).map((app) => `apps/${app}/src`), 'libs/service/src'];
  const declared =
    /\b(?:text|secret|flag|integer|limit|port|url|choice|custom|certificates)\(\s*'((?:PDAGENTD|PDSEND)_[A-Z_]+)'/g;
  return folders
    .flatMap((folder) =>
      readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' }).map((file) =>
        path.join(root, folder, file),
      ),
    )
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .flatMap((file) => [...readFileSync(file, 'utf8').matchAll(declared)].map(([, name]) => name ?? ''));
}

const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');

const PAGES: readonly string[] = [
  ...readdirSync(root).filter((name) => name.endsWith('.md')),
  ...['docs', 'apps', 'libs'].flatMap((folder) =>
    readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.md') && !name.includes('node_modules'))
      .map((name) => path.join(folder, name)),
  ),
];

/** The links of a page to files of the repository; `section` is what follows `#`. */
function linksOf(page: string): readonly { page: string; target: string; section: string }[] {
  return [...read(page).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, link = '']) => link)
    .filter((link) => !/^[a-z]+:/.test(link))
    .map((link) => {
      const [file = '', section = ''] = link.split('#');
      return { page, target: file === '' ? page : path.join(path.dirname(page), file), section };
    });
}

/** Whether the file exists and has a heading with this anchor, as GitHub derives it; an empty one is the whole file. */
function hasSection(file: string, section: string): boolean {
  if (!existsSync(path.join(root, file))) return false;
  const headings = [...(section === '' ? '' : read(file)).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}_ -]/gu, '')
      .replace(/ /g, '-'),
  );
  return section === '' || headings.includes(section);
}

describe('the documentation', () => {
  it('describes exactly the variables that services read', () => {
    const documented = [
      ...readFileSync(path.join(root, 'docs/configuration.md'), 'utf8').matchAll(/^\| `(PDAGENTD_[A-Z_]+)`/gm),
    ].map(([, name]) => name);
    expect(new Set(documented)).toEqual(new Set(variablesRead().filter((name) => name.startsWith('PDAGENTD_'))));
  });

  it('has no broken links, to files and to sections', () => {
    const links = PAGES.flatMap(linksOf);
    expect(links.length).toBeGreaterThan(100);
    expect(links.filter(({ target, section }) => !hasSection(target, section))).toEqual([]);
  });

  it('has no conflict markers of a merge, whether or not a formatter has changed them', () => {
    const conflicts = PAGES.flatMap((page) => (/^(<{7} |(> ?){7} ?\w)/m.test(read(page)) ? [page] : []));
    expect(conflicts).toEqual([]);
  });
});
