import { createWriteStream, existsSync, mkdirSync, type WriteStream } from 'node:fs';
import path from 'node:path';
import { cleanEnvironment } from './clean-environment';
import { type Exit, type GuardedProcess, startGuarded } from './guarded-process';
import { waitUntil } from './wait-until';
import { workspaceRoot } from './workspace';

const SIMULATOR = 'pagerduty-simulator';
const KEPT_LINES = 10_000;
/** Until an app is ready; a machine that does much else takes its time. */
const START_TIMEOUT_MS = 60_000;

/** A line of an app's log: its JSON, or `message` alone where it is none. */
export interface LogLine {
  message: string;
  [field: string]: unknown;
}

export interface StartAppOptions {
  /** Holds its log, as <name>.log, and the record of the process while it runs. */
  folder: string;
  /** Default: the folder. */
  cwd?: string;
  /** Added to a clean environment: nothing else of ours that names a server reaches the app. */
  env: NodeJS.ProcessEnv;
  /** What to wait for. `alive`: it answers on its admin port; `ready`: it can do its work. Default: ready. */
  until?: 'alive' | 'ready';
  timeoutMs?: number;
  /** The file to run. Default: what the build made of the app, dist/apps/<name>/main.js. */
  bundle?: string;
  onLine?: (line: LogLine) => void;
  /** False: no log file, for a process that lives long. Default: true. */
  keepLog?: boolean;
}

/** A built app, running as a process of its own as it would in production. */
export class AppProcess {
  /** The latest lines of its log. */
  readonly lines: LogLine[] = [];
  readonly #file: WriteStream | undefined;
  #url: string | undefined;
  #process: GuardedProcess;

  private constructor(
    readonly name: string,
    private readonly options: StartAppOptions,
  ) {
    mkdirSync(options.folder, { recursive: true });
    if (options.keepLog !== false) {
      this.#file = createWriteStream(path.join(options.folder, `${name}.log`), { flags: 'a' });
      // The folder may be removed while the last lines come in.
      this.#file.on('error', () => undefined);
    }
    this.#process = this.#spawn();
  }

  /**
   * Starts the app's bundle.
   * @throws Error with the last lines of its log when it ends or does not get that far in time.
   */
  static async start(name: string, options: StartAppOptions): Promise<AppProcess> {
    const app = new AppProcess(name, options);
    try {
      await app.waitFor(options.until ?? 'ready');
    } catch (error) {
      await app.kill();
      throw error;
    }
    return app;
  }

  get pid(): number {
    return this.#process.pid;
  }

  get exited(): Promise<Exit> {
    return this.#process.exited;
  }

  /** Of the admin server, or of the simulator's only one; undefined until the log tells it. */
  get url(): string | undefined {
    return this.#url;
  }

  /** The end of its log, for messages about what went wrong. */
  lastLines(count = 10): string {
    return this.lines.slice(-count).map(formatLogLine).join('\n');
  }

  async waitFor(state: 'alive' | 'ready', timeoutMs = this.options.timeoutMs ?? START_TIMEOUT_MS): Promise<void> {
    const started = this.#process;
    await waitUntil(async () => !started.running() || (await this.#answers(state)), {
      what: `${this.name} to be ${state}`,
      timeoutMs,
    }).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${this.lastLines()}`);
    });
    if (!started.running()) {
      const { code, signal } = await started.exited;
      throw new Error(`${this.name} ended (${signal ?? `code ${code}`}):\n${this.lastLines()}`);
    }
  }

  /** Waits for a line of the log, from the start of the process on. */
  logged(what: string, matches: (line: LogLine) => boolean, timeoutMs?: number): Promise<LogLine> {
    return waitUntil(() => this.lines.find(matches), {
      what: `${this.name} to log ${what}`,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    });
  }

  /** SIGTERM, as an orchestrator stops it; SIGKILL when the grace period (ms) is over. */
  stop(graceMs = 30_000): Promise<Exit> {
    return this.#process.end(graceMs);
  }

  /** SIGKILL. */
  kill(): Promise<Exit> {
    this.#process.signal('SIGKILL');
    return this.#process.exited;
  }

  /** SIGSTOP: it holds its connections and does nothing. */
  pause(): void {
    this.#process.signal('SIGSTOP');
  }

  resume(): void {
    this.#process.signal('SIGCONT');
  }

  /** Starts it again with the same environment, after it has ended; its former log is dropped. */
  async restart(): Promise<void> {
    await this.stop();
    this.lines.length = 0;
    this.#url = undefined;
    this.#process = this.#spawn();
    await this.waitFor(this.options.until ?? 'ready');
  }

  #spawn(): GuardedProcess {
    const {
      folder,
      cwd,
      env,
      bundle = path.join(workspaceRoot(), 'dist', 'apps', this.name, 'main.js'),
    } = this.options;
    if (!existsSync(bundle)) throw new Error(`${bundle} is missing: run \`npm run build\` first`);
    return startGuarded({
      name: `${this.name}-${nextNumber()}`,
      command: process.execPath,
      args: [bundle],
      env: { ...cleanEnvironment(), PDAGENTD_ADMIN_PORT: '0', ...env },
      folder,
      ...(cwd === undefined ? {} : { cwd }),
      mark: bundle,
      onLine: (text) => this.#keep(text),
    });
  }

  #keep(text: string): void {
    const line = parseLine(text);
    this.lines.push(line);
    if (this.lines.length > KEPT_LINES) this.lines.splice(0, KEPT_LINES / 2);
    this.#url ??= addressIn(line);
    this.#file?.write(`${text}\n`);
    this.options.onLine?.(line);
  }

  async #answers(state: 'alive' | 'ready'): Promise<boolean> {
    const url = this.url;
    if (url === undefined) return false;
    // The simulator has no admin port: it works as soon as it says where it listens.
    if (this.name === SIMULATOR) return true;
    const response = await fetch(`${url}/${state === 'alive' ? 'healthz' : 'readyz'}`);
    await response.arrayBuffer();
    return response.ok;
  }
}

/** Every service logs its admin port first; the simulator its address. */
function addressIn({ adminPort, url, port }: LogLine): string | undefined {
  if (typeof adminPort === 'number') return `http://127.0.0.1:${adminPort}`;
  return typeof url === 'string' && typeof port === 'number' ? url : undefined;
}

/** A line as it was logged. */
export function formatLogLine(line: LogLine): string {
  return Object.keys(line).length === 1 ? line.message : JSON.stringify(line);
}

let started = 0;
const nextNumber = (): number => (started += 1);

function parseLine(text: string): LogLine {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && 'message' in value && typeof value.message === 'string') {
      return { ...value, message: value.message };
    }
  } catch {
    // Not JSON: what Node itself writes.
  }
  return { message: text };
}

/** Starts a built app; see AppProcess. */
export function startApp(name: string, options: StartAppOptions): Promise<AppProcess> {
  return AppProcess.start(name, options);
}
