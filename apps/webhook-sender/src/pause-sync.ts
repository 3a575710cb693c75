import { type Clock, delay, SYSTEM_CLOCK } from '@pdaltagent/clock';
import { type FactRecorder } from '@pdaltagent/journal';
import { type LaneWorker } from '@pdaltagent/messaging';
import { type PausedDestinations } from '@pdaltagent/store';

export interface PauseSyncOptions {
  readonly worker: Pick<LaneWorker, 'pause' | 'resume'>;
  readonly paused: PausedDestinations;
  readonly journal: FactRecorder;
  /** Interval between two syncs: how soon a resumed destination continues; milliseconds. */
  readonly everyMs?: number;
  readonly clock?: Clock;
}

const SYNC_EVERY_MS = 1_000;
/** How long to wait for the first reply: an unreachable Redis must not delay anything. */
const FIRST_SYNC_TIMEOUT_MS = 2_000;

/**
 * Synchronizes paused destinations with Redis. A pause here is written there, so
 * that it outlives the process and other senders see it; a destination resumed there is resumed here.
 */
export class PauseSync {
  readonly #options: PauseSyncOptions;
  readonly #clock: Clock;
  /** Paused here and not yet written: name to time. */
  readonly #pendingWrites = new Map<string, number>();
  /** Paused in Redis at the last sync: only these are resumed when they are no longer there. */
  #pausedInRedis: ReadonlySet<string> = new Set();
  readonly #stopping = new AbortController();
  #loop: Promise<void> = Promise.resolve();

  constructor(options: PauseSyncOptions) {
    this.#options = options;
    this.#clock = options.clock ?? SYSTEM_CLOCK;
  }

  /** Resolves after the first sync, or soon without it. */
  async start(): Promise<void> {
    const deadline = this.#clock.monotonic() + FIRST_SYNC_TIMEOUT_MS;
    while (!(await this.#sync()) && this.#clock.monotonic() < deadline) await delay(this.#clock, 50);
    this.#loop = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
    await this.#sync();
  }

  /** A destination responded that it is gone, and the worker paused it. */
  pause(name: string): void {
    this.#pendingWrites.set(name, this.#clock.wall());
    this.#options.journal.record({ kind: 'destination-paused', destination: name });
  }

  async #run(): Promise<void> {
    const { everyMs = SYNC_EVERY_MS } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await delay(this.#clock, everyMs, signal).catch(() => undefined);
      await this.#sync();
    }
  }

  /** Writes first, then reads, so that a recent pause is found. False if Redis is unreachable. */
  async #sync(): Promise<boolean> {
    const { paused, worker, journal } = this.#options;
    try {
      for (const [name, at] of [...this.#pendingWrites]) {
        await paused.pause(name, at);
        this.#pendingWrites.delete(name);
      }
      const found = new Set((await paused.all()).keys());
      for (const name of found) worker.pause(name);
      for (const name of this.#pausedInRedis) {
        if (found.has(name) || this.#pendingWrites.has(name)) continue;
        worker.resume(name);
        journal.record({ kind: 'destination-resumed', destination: name });
      }
      this.#pausedInRedis = found;
      return true;
    } catch {
      return false; // The store logs that Redis is unreachable; the next attempt follows soon.
    }
  }
}
