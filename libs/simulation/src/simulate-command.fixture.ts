import { execFile, spawnSync } from 'node:child_process';
import path from 'node:path';

const ROOT = path.join(__dirname, '../../..');
const SCRIPT = 'tools/simulate.mjs';
const LONGEST_MS = 3_600_000;

interface Ended {
  readonly status: number | null;
  readonly output: string;
}

/** Runs `npm run simulate` with these arguments; its progress is left out. It takes half the time of the same seeds inside jest. */
export function simulateCommand(...args: string[]): Ended {
  const { status, stdout } = spawnSync(process.execPath, [SCRIPT, ...args], {
    cwd: ROOT,
    encoding: 'utf8',
    timeout: LONGEST_MS,
  });
  return { status, output: stdout };
}

/** The same, while others run. */
export function startSimulateCommand(...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [SCRIPT, ...args],
      { cwd: ROOT, encoding: 'utf8', timeout: LONGEST_MS, maxBuffer: Number.POSITIVE_INFINITY },
      (_error, output) => resolve({ status: child.exitCode, output }),
    );
  });
}
