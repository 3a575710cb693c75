import { type Clock, delay, every } from '@pdaltagent/clock';
import { type FactStream } from '@pdaltagent/journal';
import path from 'node:path';
import {
  type Accounts,
  type Activity,
  type ActivityOptions,
  type Counts,
  type CountsOptions,
  type FoundMessage,
  type MessageWithFacts,
  type Missing,
  type Page,
  type SearchOptions,
  type Window,
} from './answers';
import { Follower, type HistoryLog, type HistoryProgress } from './follower';
import { HistoryError, IndexClient } from './index-client';
import { type IndexStatus, type RequestName, type Requests } from './requests';
import { type RetentionLimits } from './retention';

export interface HistoryOptions {
  /** Of the index alone: `history` in `PDAGENTD_STATE_DIR`. Created if it is not there. */
  readonly folder: string;
  readonly stream: FactStream;
  readonly log: HistoryLog;
  readonly clock: Clock;
  readonly limits: RetentionLimits;
  /** Go on with what happens from now on, until stopped; otherwise the index takes what the stream has, and no more. */
  readonly follow: boolean;
  /** What the thread runs, a file that calls `serveIndex`; the default is `history-worker.js` next to the bundle. */
  readonly script?: string | undefined;
}

const RETENTION_MS = 60_000;
const RESTART_MS = 5_000;
const NOT_STARTED = new HistoryError('the index is not open');

/**
 * The index of the journal: reads the stream into SQLite, and answers what it knows. Any number of processes may open the same folder:
 * one of them writes, and if it ends, another one does. Every question is answered by a thread, and rejects with `HistoryError` if the
 * index cannot be read.
 */
export class History {
  readonly #options: HistoryOptions;
  readonly #stopping = new AbortController();
  #client: IndexClient | undefined;
  #status: IndexStatus | undefined;
  #progress: HistoryProgress = { offset: undefined, stream: undefined, isCaughtUp: false, problem: undefined };
  #running: Promise<void> = Promise.resolve();
  #failure: { readonly error: unknown } | undefined;
  #waiting: (() => void)[] = [];
  #cancelRetention = (): void => undefined;

  constructor(options: HistoryOptions) {
    this.#options = options;
  }

  get progress(): HistoryProgress {
    return this.#progress;
  }

  /** Nothing is known of what happened before; milliseconds since 1970. Undefined: nothing is known yet. */
  get startsAt(): number | undefined {
    return this.#status?.startsAt;
  }

  /** Does not wait for anything; questions may be asked at once, and are answered from what there is. */
  start(): void {
    this.#running = this.#run();
    this.#cancelRetention = every(this.#options.clock, RETENTION_MS, () => {
      void this.removeOld().catch(() => undefined);
    });
  }

  /**
   * Resolves once the index has what was in the stream when it began to read.
   * @throws what prevents it, if the stream is not to be followed
   */
  async caughtUp(): Promise<void> {
    while (!this.#progress.isCaughtUp && this.#failure === undefined && !this.#stopping.signal.aborted)
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** Ends the thread and closes the files; what was not written yet is read again next time. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#cancelRetention();
    this.#wake();
    await this.#running;
    await this.#client?.close();
    this.#client = undefined;
  }

  search(options: SearchOptions): Promise<Page<FoundMessage>> {
    return this.#ask('search', options);
  }

  /** A message and its facts; undefined if the index does not know the id. */
  message(id: string): Promise<MessageWithFacts | undefined> {
    return this.#ask('message', id);
  }

  /** For plots; steps in which nothing happened are left out. */
  counts(options: CountsOptions): Promise<readonly Counts[]> {
    return this.#ask('counts', options);
  }

  accounts(window: Window): Promise<Accounts> {
    return this.#ask('accounts', window);
  }

  activity(options: ActivityOptions): Promise<Page<Activity>> {
    return this.#ask('activity', options);
  }

  missing(): Promise<Missing> {
    return this.#ask('missing', undefined);
  }

  /** Applies the limits now; otherwise it happens every minute. */
  async removeOld(): Promise<void> {
    const { limits, clock } = this.#options;
    if (this.#status?.isWriter !== true) return;
    while (await this.#ask('removeOld', { limits, now: clock.wall() })) if (this.#stopping.signal.aborted) return;
  }

  #ask<Name extends RequestName>(name: Name, argument: Requests[Name][0]): Promise<Requests[Name][1]> {
    return this.#client?.ask(name, argument) ?? Promise.reject(NOT_STARTED);
  }

  /** Begins again with a new thread if one fails. */
  async #run(): Promise<void> {
    const { follow, clock, log } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        await this.#follow();
        return;
      } catch (error) {
        await this.#client?.close();
        if (signal.aborted) return;
        const problem = error instanceof Error ? error.message : String(error);
        this.#change({ problem });
        if (!follow) {
          this.#failure = { error };
          this.#wake();
          return;
        }
        log.warn('the index of the journal failed', { problem });
        await delay(clock, RESTART_MS, signal).catch(() => undefined);
      }
    }
  }

  async #follow(): Promise<void> {
    const { folder, script = path.join(__dirname, 'history-worker.js'), log, limits, ...options } = this.#options;
    const client = new IndexClient(script);
    this.#client = client;
    const status = await client.ask('open', { folder });
    this.#setStatus(status);
    if (status.wasDamaged)
      log.warn('the index of the journal was damaged, and is made again from the stream', { folder });
    const follower = new Follower({
      ...options,
      client,
      log,
      maximumAgeMs: limits.maximumAgeMs,
      signal: this.#stopping.signal,
      onStatus: (changed) => this.#setStatus(changed),
      onProgress: (change) => this.#change(change),
    });
    await follower.run();
  }

  #setStatus(status: IndexStatus): void {
    this.#status = status;
    this.#change({ offset: status.position?.offset });
  }

  #change(change: Partial<HistoryProgress>): void {
    this.#progress = { ...this.#progress, ...change };
    if (this.#progress.isCaughtUp) this.#wake();
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
