import { existsSync } from 'node:fs';
import path from 'node:path';
import { findExecutable } from './binaries';
import { type Preparation } from './prepare-servers';
import { canUnpackPackages, commandFor, unpackPackages } from './unpacked-packages';
import { localFolder } from './workspace';

/** Programs that tests run beside the servers: the names they go by, and the Debian package that has them. */
const TOOLS = {
  alertmanager: { names: ['prometheus-alertmanager', 'alertmanager'], package: 'prometheus-alertmanager' },
  busybox: { names: ['busybox'], package: 'busybox' },
  curl: { names: ['curl'], package: 'curl' },
} as const;

export type Tool = keyof typeof TOOLS;
const ALL: readonly Tool[] = ['alertmanager', 'busybox', 'curl'];

/**
 * The file of a program that a test runs.
 * @throws Error that says how to install it; the test that needs it fails with that.
 */
export function fileOfTool(tool: Tool): string {
  const file = findTool(tool);
  if (file !== undefined) return file;
  throw new Error(
    `${tool} not found, which this test runs. ` +
      `Debian, Ubuntu:  sudo apt-get install --no-install-recommends ${TOOLS[tool].package}`,
  );
}

/**
 * Fetches what is missing of the tests' programs into the clone, where Debian's packages can be had. Where that cannot be done
 * it says so: the tests that need them will fail, the others need not.
 */
export async function prepareTools({ say }: Pick<Preparation, 'say'>): Promise<void> {
  const missing = ALL.filter((tool) => findTool(tool) === undefined);
  if (missing.length === 0) return;
  const packages = missing.map((tool) => TOOLS[tool].package);
  if (canUnpackPackages()) {
    say(`fetching ${packages.join(' and ')} into the clone, for some tests run them; nothing is installed`);
    try {
      await unpackPackages(packages, toolsFolder());
      for (const tool of missing) commandFor(TOOLS[tool].names, toolsFolder());
    } catch (error) {
      say(String(error));
    }
  }
  const still = missing.filter((tool) => findTool(tool) === undefined);
  if (still.length === 0) return;
  say(`${still.join(' and ')} not found: the tests that need them will fail. Debian, Ubuntu:`);
  say(`  sudo apt-get install --no-install-recommends ${still.map((tool) => TOOLS[tool].package).join(' ')}`);
}

function toolsFolder(): string {
  return path.join(localFolder(), 'tools');
}

function findTool(tool: Tool): string | undefined {
  const { names } = TOOLS[tool];
  const fetched = names.map((name) => path.join(toolsFolder(), name)).find(existsSync);
  return names.map(findExecutable).find((file) => file !== undefined) ?? fetched;
}
