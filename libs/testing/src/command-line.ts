import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** The command line of a running process; undefined if there is none with this id, or it is a zombie. */
export function commandLineOf(pid: number): string | undefined {
  try {
    const text =
      process.platform === 'linux'
        ? // A slim container has no ps.
          readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
        : execFileSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'utf8', stdio: 'pipe' });
    return text.trim() === '' ? undefined : text.trim();
  } catch {
    return undefined;
  }
}
