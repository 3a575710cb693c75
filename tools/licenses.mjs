// The licence texts of the packages in a bundle, which their licences require to be shipped with it.
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

const LICENCE = /^(un)?licen[cs]e|^copying|^notice/i;
/** Sources and data, which may be named like that. */
const NO_TEXT = /\.(?:[cm]?[jt]s|json|map)$/i;
/** From the heading `License` (`## License`, or underlined) to the next heading or the end. */
const README_SECTION = /^(?:#+ *)?licen[cs]e *\n(?:[-=]{3,} *\n)?([^]*?)(?=\n#+ |\n[^\n]+\n[-=]{3,}\n|$(?![^]))/im;

/**
 * The licence texts of packages, one after another, by name. Includes those of code that a package has in it, such as a native
 * library in deps/.
 * @param folders of the packages
 * @throws if a package has no licence text
 */
export async function licenceTexts(folders) {
  const packages = await Promise.all(folders.map(readPackage));
  packages.sort((a, b) => (a.title < b.title ? -1 : 1));
  return packages.map(({ title, texts }) => [`${'='.repeat(80)}\n${title}\n`, ...texts].join('\n')).join('\n');
}

async function readPackage(folder) {
  const { name, version, license } = JSON.parse(await readFile(path.join(folder, 'package.json'), 'utf8'));
  const files = await licenceFiles(folder);
  if (files.length === 0) {
    const section = await readmeSection(folder);
    if (section === undefined) throw new Error(`${name} ${version} has no licence text, so it must not be bundled`);
    return { title: `${name} ${version} (${license})`, texts: [`--- README.md ---\n\n${section}\n`] };
  }
  const texts = await Promise.all(
    files.map(async (file) => `--- ${file} ---\n\n${(await readFile(path.join(folder, file), 'utf8')).trim()}\n`),
  );
  return { title: `${name} ${version} (${license})`, texts };
}

/** Some packages have their licence only in a section of their README. A mere name, such as "MIT", is no licence text. */
async function readmeSection(folder) {
  const readme = await readFile(path.join(folder, 'README.md'), 'utf8').catch(() => '');
  const section = README_SECTION.exec(readme)?.[1]?.trim() ?? '';
  return section.includes('Copyright') && section.length > 300 ? section : undefined;
}

/** Paths in the package, sorted. */
async function licenceFiles(folder, below = '') {
  const entries = await readdir(path.join(folder, below), { withFileTypes: true });
  const found = await Promise.all(
    entries.map((entry) => {
      const file = path.join(below, entry.name);
      if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : licenceFiles(folder, file);
      return LICENCE.test(entry.name) && !NO_TEXT.test(entry.name) ? [file] : [];
    }),
  );
  return found.flat().sort();
}
