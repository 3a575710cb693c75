import { installWithApt } from './apt-installation';
import { findExecutable } from './binaries';
import { canUseApt, type Preparation } from './prepare-servers';

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
 * Installs what is missing of the tests' programs, with apt-get where we are root on Debian and the user agrees.
 * Where that cannot be done it says so: the tests that need them will fail, the others need not.
 */
export async function prepareTools({ say, ask, agreed }: Preparation): Promise<void> {
  const missing = ALL.filter((tool) => findTool(tool) === undefined);
  if (missing.length === 0) return;
  const packages = missing.map((tool) => TOOLS[tool].package);
  const question = `Some tests need ${missing.join(' and ')}. Install ${packages.join(' and ')} with apt-get? Nothing is started by it.`;
  if (!canUseApt() || !(agreed || (await ask?.(question)))) {
    say(`${missing.join(' and ')} not found: the tests that need them will fail. Debian, Ubuntu:`);
    say(`  sudo apt-get install --no-install-recommends ${packages.join(' ')}`);
    return;
  }
  say(`installing ${packages.join(' and ')} with apt-get`);
  await installWithApt(packages, say).catch((error: unknown) =>
    say(`the tests that need ${missing.join(' and ')} will fail: ${String(error)}`),
  );
}

function findTool(tool: Tool): string | undefined {
  return TOOLS[tool].names.map(findExecutable).find((file) => file !== undefined);
}
