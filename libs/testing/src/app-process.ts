import { createWriteStream, existsSync, mkdirSync, type WriteStream } from 'node:fs';
import path from 'node:path';
import { cleanEnvironment } from './clean-environment';
import { type Exit, type GuardedProcess, startGuarded } from './guarded-process';
import { waitUntil } from './wait-until';
import { workspaceRoot } from './workspace';

const SIMULATOR = 'pagerduty-simulator';
const KEPT_LINES = 10_000;
/** Time limit for an app to become ready, on a busy machine. */
const START_TIMEOUT_MS = 150_000;

/** A line of an app's log: its JSON, or only `message` if it is not JSON. */
export interface LogLine {
  message: string;
  [field: string]: unknown;
}

export interface StartAppOptions {
  /** Folder for its log, <name>.log, and, while it runs, for the record of its process. */
  folder: string;
  /** Default: the folder. */
  cwd?: string;
  /** Added to a clean environment, without any other variable that names a server. */
  env: NodeJS.ProcessEnv;
  /** What to wait for. `alive`: it responds on its admin port; `ready`: it can do its work. Default: ready. */
  until?: 'alive' | 'ready';
  timeoutMs?: number;
  /** The file to run. Default: the built app, dist/apps/<name>/main.js. */
  bundle?: string;
  onLine?: (line: LogLine) => void;
  /** False: no log file, for a long-running process. Default: true. */
  keepLog?: boolean;
}

/** A built app in a separate process, as in production. */
export class AppProcess {
  /** The last lines of its log. */
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
      // The folder may be removed while the last lines are written.
      this.#file.on('error', () => undefined);
    }
    this.#process = this.#spawn();
  }

  /**
   * Starts the app's bundle.
   * @throws Error with the last lines of its log if it exits or does not reach the state in time
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

  /** URL of the admin server, or of the simulator; undefined until it was logged. */
  get url(): string | undefined {
    return this.#url;
  }

  /** The end of its log, for error messages. */
  lastLines(count = 10): string {
    return this.lines.slice(-count).map(formatLogLine).join('\n');
  }

  async waitFor(state: 'alive' | 'ready', timeoutMs = this.options.timeoutMs ?? START_TIMEOUT_MS): Promise<void> {
    const started = this.#process;
    await waitUntil(async () => !started.running() || (await this.#isInState(state)), {
      what: `${this.name} to be ${state}`,
      timeoutMs,
    }).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${this.lastLines()}`);
    });
    if (!started.running()) {
      const { code, signal } = await started.exited;
      throw new Error(`${this.name} exited (${signal ?? `code ${code}`}):\n${this.lastLines()}`);
    }
  }

  /** Waits for a line of the log, including earlier ones of this process. */
  logged(what: string, matches: (line: LogLine) => boolean, timeoutMs?: number): Promise<LogLine> {
    return waitUntil(() => this.lines.find(matches), {
      what: `${this.name} to log ${what}`,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    });
  }

  /** SIGTERM, as an orchestrator stops it; SIGKILL after the grace period (ms). */
  stop(graceMs = 30_000): Promise<Exit> {
    return this.#process.end(graceMs);
  }

  /** SIGKILL. */
  kill(): Promise<Exit> {
    this.#process.signal('SIGKILL');
    return this.#process.exited;
  }

  /** SIGSTOP: its connections stay open, but it does nothing. */
  pause(): Promise<void> {
    return this.#process.pause();
  }

  resume(): void {
    this.#process.resume();
  }

  /** Stops it and starts it again with the same environment; `lines` starts empty. */
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

  async #isInState(state: 'alive' | 'ready'): Promise<boolean> {
    const url = this.url;
    if (url === undefined) return false;
    // The simulator has no admin port: it is ready once it logs its address.
    if (this.name === SIMULATOR) return true;
    const response = await fetch(`${url}/${state === 'alive' ? 'healthz' : 'readyz'}`);
    await response.arrayBuffer();
    return response.ok;
  }
}

/** Every service logs its admin port first, the simulator its address. */
function addressIn({ adminPort, url, port }: LogLine): string | undefined {
  if (typeof adminPort === 'number') return `http://127.0.0.1:${adminPort}`;
  return typeof url === 'string' && typeof port === 'number' ? url : undefined;
}

/** A log line as text. */
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
    // Not JSON: output of Node itself.
  }
  return { message: text };
}

/** Starts a built app; see AppProcess. */
export function startApp(name: string, options: StartAppOptions): Promise<AppProcess> {
  return AppProcess.start(name, options);
}
