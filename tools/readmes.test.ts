import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.join(__dirname, '..');
const MOST_LINES = 25;

const namesIn = (text: string): readonly string[] => [...text.matchAll(/`([\w-]+)`/g)].map(([, name]) => name ?? '');

/** By folder of an app or library: the libraries that it may import. */
function importsByFolder(): Readonly<Record<string, readonly string[]>> {
  const print = `import { mayImport } from './tools/layers.mjs'; console.log(JSON.stringify(mayImport));`;
  const output = execFileSync(process.execPath, ['--input-type=module', '--eval', print], { cwd: ROOT });
  return JSON.parse(output.toString()) as Readonly<Record<string, readonly string[]>>;
}

const projects = Object.entries(importsByFolder()).map(([folder, imports]) => ({ folder, imports }));

describe.each(projects)('the README of $folder', ({ folder, imports }) => {
  const readme = readFileSync(path.join(ROOT, folder, 'README.md'), 'utf8');

  it('is short', () => {
    expect(readme.split('\n').length).toBeLessThanOrEqual(MOST_LINES);
  });

  it('lists the libraries that it may import', () => {
    const [, list = ''] = /^May import: (.*?)\(/ms.exec(readme) ?? [];
    expect(new Set(namesIn(list))).toEqual(new Set(imports));
  });

  it('names only exports that exist', () => {
    const [, list = ''] = /^Exports: (.*?);/ms.exec(readme) ?? [];
    const index = path.join(ROOT, folder, 'src/index.ts');
    const exported = existsSync(index) ? readFileSync(index, 'utf8').match(/\w+/g) : [];
    expect(exported).toEqual(expect.arrayContaining([...namesIn(list)]));
    expect(namesIn(list).length > 0).toBe(folder.startsWith('libs/'));
  });
});
