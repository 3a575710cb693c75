import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const ROOT = path.join(__dirname, '..');
const SCRIPT = `
  import { licenceTexts } from ${JSON.stringify(path.join(__dirname, 'licenses.mjs'))};
  process.stdout.write(await licenceTexts(process.argv.slice(1)));
`;

function licencesOf(...folders: string[]) {
  return spawnSync(process.execPath, ['--input-type=module', '-e', SCRIPT, ...folders], { encoding: 'utf8' });
}

it('has the licence of a package, and of native code in it', () => {
  const { stdout } = licencesOf(path.join(ROOT, 'node_modules/classic-level'));
  expect(stdout).toMatch(/^=+\nclassic-level \d+\.\d+\.\d+ \(MIT\)\n/);
  expect(stdout).toMatch(/Permission is hereby granted[^]*The LevelDB Authors[^]*Google Inc\./);
});

describe('of packages made for the test', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'licences-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function make(name: string, files: Readonly<Record<string, string>>): string {
    mkdirSync(path.join(folder, name), { recursive: true });
    const manifest = JSON.stringify({ name, version: '1.0.0', license: 'MIT' });
    for (const [file, text] of Object.entries({ ...files, 'package.json': manifest }))
      writeFileSync(path.join(folder, name, file), text);
    return path.join(folder, name);
  }

  it('lists them by name, with notices, and not the code that is named so', () => {
    const b = make('b', { 'LICENCE.md': 'text of b', NOTICE: 'notice of b', 'license.js': 'code' });
    const { stdout } = licencesOf(b, make('a', { 'LICENSE-MIT': 'text of a' }));
    expect(stdout).toMatch(/^=+\na 1\.0\.0[^]*text of a[^]*\nb 1\.0\.0[^]*text of b[^]*notice of b\n$/);
    expect(stdout).not.toContain('code');
  });

  it('takes the section of a README if that is where the licence is', () => {
    const licence = `Copyright (c) somebody\n\n${'Permission is hereby granted. '.repeat(20)}`;
    const { stdout } = licencesOf(make('c', { 'README.md': `c\n=\n\nLicense\n-------\n\n${licence}\n\nMore\n----\n` }));
    expect(stdout).toContain('Copyright (c) somebody');
    expect(stdout).not.toContain('More');
    expect(licencesOf(make('d', { 'README.md': '## License\n\nMIT' })).stderr).toContain('has no licence text');
  });

  it('refuses a package without a licence text, so that the build fails', () => {
    const { status, stderr } = licencesOf(make('bare', {}));
    expect(status).not.toBe(0);
    expect(stderr).toContain('bare 1.0.0 has no licence text');
  });
});
