import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { Socket } from 'node:net';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { killGroup, recordProcess, removeProcessRecord, thisProcess } from './process-record';
import { isStopped } from './processes';
import { waitUntil } from './wait-until';

// The process leads its own group. A watchdog in that group reads a pipe that only this process holds: when this process ends,
// in whatever way, the pipe closes and the watchdog kills the group. `exec` keeps the process id.
const WITH_WATCHDOG = '(read -r _ <&3; kill -9 0) & exec "$@" 3<&-';

export interface GuardedOptions {
  name: string;
  command: string;
  args: string[];
  env: NodeJS.ProcessEnv;
  /** Folder for the record of the process and, without `onLine`, for its output, <name>.log. */
  folder: string;
  /** A text that only this process has in its command line. */
  mark: string;
  cwd?: string;
  /** Called with every line of stdout and stderr. */
  onLine?: (line: string) => void;
}

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A child process that cannot outlive this one. */
export interface GuardedProcess {
  readonly pid: number;
  /** Resolves when the process and everything in its group have ended. */
  readonly exited: Promise<Exit>;
  running(): boolean;
  /** Sends the signal to the process; does nothing if it has ended. */
  signal(name: NodeJS.Signals): void;
  /** SIGSTOP: its connections stay open, but it does nothing. Resolves when every thread of it has stopped. */
  pause(): Promise<void>;
  /** SIGCONT. */
  resume(): void;
  /** SIGTERM, then SIGKILL after the grace period; resolves when it has ended. */
  end(graceMs: number): Promise<Exit>;
}

/** Starts a process that ends with this one, even if this one is killed with SIGKILL. */
export function startGuarded(options: GuardedOptions): GuardedProcess {
  const { name, command, args, env, folder, mark, onLine } = options;
  mkdirSync(folder, { recursive: true });
  const log = onLine === undefined ? openSync(path.join(folder, `${name}.log`), 'a') : 'pipe';
  const child = spawn('/bin/sh', ['-c', WITH_WATCHDOG, name, command, ...args], {
    env,
    cwd: options.cwd ?? folder,
    detached: true,
    stdio: ['ignore', log, log, 'pipe'],
  });
  if (typeof log === 'number') closeSync(log);
  if (onLine !== undefined) {
    for (const stream of [child.stdout, child.stderr]) if (stream) createInterface(stream).on('line', onLine);
  }
  const life = child.stdio[3];
  // The pipe breaks when the group ends, which is expected.
  if (life instanceof Socket) life.on('error', () => undefined).unref();

  const pid = child.pid;
  if (pid === undefined) throw new Error(`${name} could not be started: /bin/sh is missing`);
  recordProcess(folder, name, { pid, mark, owner: thisProcess() });

  let running = true;
  const exited = new Promise<Exit>((resolve) => {
    child.once('exit', (code, signal) => {
      running = false;
      killGroup(pid);
      removeProcessRecord(folder, name);
      life?.destroy();
      resolve({ code, signal });
    });
  });
  const signal = (sent: NodeJS.Signals): void => {
    if (running) child.kill(sent);
  };
  return {
    pid,
    exited,
    running: () => running,
    signal,
    async pause() {
      signal('SIGSTOP');
      // On a busy machine the other threads go on until one of them has been given the time to handle the signal.
      await waitUntil(() => !running || isStopped(pid), { what: `${name} to be paused`, intervalMs: 5 });
    },
    resume: () => signal('SIGCONT'),
    async end(graceMs) {
      // A paused process would handle the signal only after it is resumed.
      signal('SIGCONT');
      signal('SIGTERM');
      const timer = setTimeout(() => killGroup(pid), graceMs);
      const exit = await exited;
      clearTimeout(timer);
      return exit;
    },
  };
}
