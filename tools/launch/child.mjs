// Child processes that receive this process's signals, and whose output can be kept in case they fail.
import { spawn } from 'node:child_process';

const LAST_LINES = 400;
const running = new Set();

const NUMBERS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 };
for (const signal of Object.keys(NUMBERS)) process.on(signal, () => end(signal));

function end(signal) {
  if (running.size === 0) process.exit(128 + NUMBERS[signal]);
  for (const { pid, isGroup } of running) kill(isGroup ? -pid : pid, signal);
  // The children exit; runChild() reports how.
  process.exitCode = 128 + NUMBERS[signal];
}

/** Has no effect if it has ended already. @param pid negative for a process group */
function kill(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

/** Removes the signal handlers: from now on, other code in this process handles signals. */
export function releaseSignals() {
  for (const signal of Object.keys(NUMBERS)) process.removeAllListeners(signal);
}

/**
 * Runs a command to its end.
 * @param {string} command
 * @param {string[]} args
 * @param {{ env: NodeJS.ProcessEnv, show?: boolean, ask?: boolean, isGroup?: boolean, cwd?: string, timeoutMs?: number }} options show: its
 *   output goes to the terminal, otherwise the result has its last lines; ask: it may read from the terminal; isGroup: after a signal,
 *   the processes that it started end with it, even if they ignore the signal.
 * @returns {Promise<{ code: number, output: string }>}
 */
export function runChild(command, args, { env, show = false, ask = false, isGroup = false, cwd, timeoutMs }) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      env,
      cwd,
      timeout: timeoutMs,
      detached: isGroup,
      stdio: [ask ? 'inherit' : 'ignore', show ? 'inherit' : 'pipe', show ? 'inherit' : 'pipe'],
    });
    const started = { pid: child.pid, isGroup };
    if (child.pid !== undefined) running.add(started);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text) => (output = lastLines(output + text)));
    }
    child.once('error', (error) => {
      running.delete(started);
      reject(error);
    });
    child.once('close', (code, signal) => {
      running.delete(started);
      // This process received a signal, so the result is no longer needed.
      if (process.exitCode > 128) {
        if (isGroup) kill(-child.pid, 'SIGKILL');
        process.exit();
      }
      resolve(
        code === null ? { code: 128, output: `${output}\n${timeoutMs ? 'ETIMEDOUT' : signal}` } : { code, output },
      );
    });
  });
}

function lastLines(text) {
  const lines = text.split('\n');
  return lines.length > 2 * LAST_LINES ? lines.slice(-LAST_LINES).join('\n') : text;
}
