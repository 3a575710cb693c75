import { existsSync } from 'node:fs';
import path from 'node:path';
import { installWithApt } from './apt-installation';
import { findExecutable } from './binaries';
import { canUseApt, type PrepareOptions } from './prepare-servers';
import { canUnpackPackages, commandFor, unpackPackages } from './unpacked-packages';
import { localFolder } from './workspace';

/** Programs that tests need besides the servers: their names, and the Debian package. */
const TOOLS = {
  alertmanager: {
    names: ['prometheus-alertmanager', 'alertmanager'],
    package: 'prometheus-alertmanager',
    // It reads its templates from this folder only.
    share: 'prometheus',
  },
  busybox: { names: ['busybox'], package: 'busybox' },
  curl: { names: ['curl'], package: 'curl' },
  promtool: { names: ['promtool'], package: 'prometheus' },
} as const;

export type Tool = keyof typeof TOOLS;
const ALL: readonly Tool[] = ['alertmanager', 'busybox', 'curl', 'promtool'];

/**
 * The path of a program that a test runs.
 * @throws Error that says how to install it
 */
export function toolPath(tool: Tool): string {
  const file = findTool(tool);
  if (file !== undefined) return file;
  throw new Error(
    `this test needs ${tool}, which was not found. ` +
      `Debian, Ubuntu:  sudo apt-get install --no-install-recommends ${TOOLS[tool].package}`,
  );
}

/**
 * Provides missing programs: with apt-get, as root on Debian and if the user agrees, otherwise unpacked into the clone, which
 * needs no privileges. If neither is possible, reports it: only the tests that need them fail.
 */
export async function prepareTools({ say, ask, assumeYes }: PrepareOptions): Promise<void> {
  const missing = missingTools();
  if (missing.length === 0) return;
  const packages = packagesOf(missing);
  const question = `Some tests need ${packages}. Install with apt-get? This starts no service.`;
  try {
    if (canUseApt() && (assumeYes || (await ask?.(question)))) {
      say(`installing ${packages} with apt-get`);
      await installWithApt(missing.map(packageOf), say);
    } else if (canUnpackPackages()) {
      say(`downloading ${packages} into the clone for some tests; nothing is installed`);
      await unpackPackages(missing.map(packageOf), toolsFolder());
      for (const tool of missing) commandFor(TOOLS[tool], toolsFolder());
    }
  } catch (error) {
    say(String(error));
  }
  const still = missingTools();
  if (still.length === 0) return;
  say(`${still.join(' and ')} not found: the tests that need them will fail. Debian, Ubuntu:`);
  say(`  sudo apt-get install --no-install-recommends ${still.map(packageOf).join(' ')}`);
}

const missingTools = (): Tool[] => ALL.filter((tool) => findTool(tool) === undefined);
const packageOf = (tool: Tool): string => TOOLS[tool].package;
const packagesOf = (tools: readonly Tool[]): string => tools.map(packageOf).join(' and ');

function toolsFolder(): string {
  return path.join(localFolder(), 'tools');
}

function findTool(tool: Tool): string | undefined {
  const { names } = TOOLS[tool];
  const fetched = names.map((name) => path.join(toolsFolder(), name)).find(existsSync);
  return names.map(findExecutable).find((file) => file !== undefined) ?? fetched;
}
