// If npm is killed, neither its shell nor this process is notified, so this checks whether npm is still running.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const EVERY_MS = 1_000;

/** Sends SIGTERM to this process once the npm that started it, or the shell in between, is gone. */
export function exitWithNpm() {
  if (!process.env.npm_lifecycle_event) return;
  const ancestors = [process.ppid, parentOf(process.ppid)].filter((pid) => pid > 1);
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent && ancestors.every(isRunning)) return;
    clearInterval(timer);
    process.kill(process.pid, 'SIGTERM');
  }, EVERY_MS).unref();
}

function parentOf(pid) {
  try {
    if (process.platform !== 'linux') return Number(execFileSync('ps', ['-o', 'ppid=', '-p', String(pid)]));
    // "pid (name) state parent …"; the name may contain spaces and parentheses.
    return Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1).split(' ')[1]);
  } catch {
    return 0;
  }
}

function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
