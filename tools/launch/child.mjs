// Child processes that receive this process's signals, and whose output can be kept in case they fail.
import { spawn } from 'node:child_process';

const LAST_LINES = 400;
const running = new Set();

const NUMBERS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 };
for (const signal of Object.keys(NUMBERS)) process.on(signal, () => end(signal));

function end(signal) {
  if (running.size === 0) process.exit(128 + NUMBERS[signal]);
  for (const child of running) child.kill(signal);
  // The children exit by themselves; runChild() reports how.
  process.exitCode = 128 + NUMBERS[signal];
}

/** Removes the signal handlers: from now on, other code in this process handles signals. */
export function releaseSignals() {
  for (const signal of Object.keys(NUMBERS)) process.removeAllListeners(signal);
}

/**
 * Runs a command to its end.
 * @param {string} command
 * @param {string[]} args
 * @param {{ env: NodeJS.ProcessEnv, show?: boolean, ask?: boolean, cwd?: string, timeoutMs?: number }} options show: its output goes to the
 *   terminal, otherwise the result has its last lines; ask: it may read from the terminal.
 * @returns {Promise<{ code: number, output: string }>}
 */
export function runChild(command, args, { env, show = false, ask = false, cwd, timeoutMs }) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      env,
      cwd,
      timeout: timeoutMs,
      stdio: [ask ? 'inherit' : 'ignore', show ? 'inherit' : 'pipe', show ? 'inherit' : 'pipe'],
    });
    running.add(child);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text) => (output = lastLines(output + text)));
    }
    child.once('error', (error) => {
      running.delete(child);
      reject(error);
    });
    child.once('close', (code, signal) => {
      running.delete(child);
      // This process received a signal, so the result is no longer needed.
      if (process.exitCode > 128) process.exit();
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
