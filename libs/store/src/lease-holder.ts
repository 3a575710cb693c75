import { type Random, uuid } from '@pdaltagent/clock';
import { readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** A name for this process as lease holder, from which a successor on the same machine can tell that it has ended. */
export function newHolderName(random: Random): string {
  return [hostname(), pidNamespace(), process.pid, uuid(random)].join(' ');
}

/**
 * Whether the holder is a process of this machine that has ended. False if that is unknown: the lease of a process
 * on another machine expires.
 */
export function isProcessGone(holder: string): boolean {
  const [host, namespace, pid] = holder.split(' ');
  if (host !== hostname() || namespace !== pidNamespace() || namespace === UNKNOWN_NAMESPACE) return false;
  return !isRunning(Number(pid));
}

const UNKNOWN_NAMESPACE = 'unknown';

/** Process ids are unique within one namespace only; two containers may share a host name. */
function pidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return UNKNOWN_NAMESPACE; // Not Linux.
  }
}

function isRunning(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return true;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !(typeof error === 'object' && error !== null && 'code' in error && error.code === 'ESRCH');
  }
}
