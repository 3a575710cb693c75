import { type Clock, delay, every, SYSTEM_CLOCK, timeoutSignal } from '@pdaltagent/clock';
import { PublishError, type Publisher } from '@pdaltagent/messaging';
import { type Logger } from '@pdaltagent/service';
import { type Lease, StoreError } from '@pdaltagent/store';
import { type PollCycle } from './poll-cycle';

/** How often the lease is checked during a cycle; milliseconds. */
const LEASE_CHECK_MS = 200;
/** How often a standby process reads the other's cursor; milliseconds. */
const STANDBY_MS = 2_000;
/** After a cycle that failed because of Redis or the broker; milliseconds. */
const RETRY_UNAVAILABLE_MS = 500;
/** After a cycle that failed because of a bug; milliseconds. */
const RETRY_BUG_MS = 5_000;

export interface PollLoopOptions {
  readonly cycle: Pick<PollCycle, 'run' | 'standBy' | 'reportLag'>;
  readonly lease: Pick<Lease, 'isHeld' | 'holder' | 'whenHeld'>;
  readonly publisher: Pick<Publisher, 'state'>;
  readonly intervalMs: number;
  readonly log: Logger;
  readonly clock?: Clock;
}

type CycleResult = 'complete' | 'unavailable' | 'bug';

/** Runs poll cycles as long as this process holds the lease and the broker accepts messages. */
export class PollLoop {
  readonly #options: Required<PollLoopOptions>;
  readonly #stopping = new AbortController();
  #loop: Promise<void> = Promise.resolve();
  /** Since the last complete cycle. */
  #hasLoggedRefusal = false;
  #isFailing = false;

  constructor(options: PollLoopOptions) {
    this.#options = { clock: SYSTEM_CLOCK, ...options };
  }

  start(): void {
    this.#loop = this.#run();
  }

  /** Aborts the cycle: entries that it published but did not mark are published again by the next one. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
  }

  /** Whether the last cycle failed: Redis or the broker may be connected and yet accept nothing. */
  isFailing(): boolean {
    return this.#isFailing;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    const { publisher, clock } = this.#options;
    while (!signal.aborted) {
      await this.#waitForLease(signal);
      const began = clock.monotonic();
      // Nothing is read if it could not be published.
      const result = publisher.state() === 'connected' ? await this.#runCycle() : await this.#skipCycle();
      await delay(clock, this.#waitAfter(result, clock.monotonic() - began), signal).catch(() => undefined);
    }
  }

  async #skipCycle(): Promise<CycleResult> {
    await this.#options.cycle.reportLag().catch(() => undefined);
    return 'unavailable';
  }

  async #waitForLease(signal: AbortSignal): Promise<void> {
    const { lease, cycle, clock } = this.#options;
    while (!lease.isHeld() && !signal.aborted) {
      this.#isFailing = false;
      // If Redis is unreachable, the store logs it, and the last known position is kept.
      await cycle.standBy(lease.holder() === 'another process').catch(() => undefined);
      await lease.whenHeld(AbortSignal.any([signal, timeoutSignal(clock, STANDBY_MS)]));
    }
  }

  /** @param tookMs duration of the cycle */
  #waitAfter(result: CycleResult, tookMs: number): number {
    switch (result) {
      case 'complete':
        return Math.max(0, this.#options.intervalMs - tookMs);
      case 'unavailable':
        return RETRY_UNAVAILABLE_MS;
      case 'bug':
        return RETRY_BUG_MS;
    }
  }

  /** Runs one cycle. That Redis or the broker is unreachable is logged by their clients. */
  async #runCycle(): Promise<CycleResult> {
    const { cycle, lease, log, clock } = this.#options;
    const leaseLost = new AbortController();
    const signal = AbortSignal.any([this.#stopping.signal, leaseLost.signal]);
    const checkLease = () => {
      if (!lease.isHeld()) leaseLost.abort();
    };
    // A process that was paused must notice that before it publishes, not only at the next tick.
    const check = () => {
      checkLease();
      signal.throwIfAborted();
    };
    const cancelWatch = every(clock, LEASE_CHECK_MS, checkLease);
    try {
      await cycle.run(signal, check);
      this.#hasLoggedRefusal = false;
      this.#isFailing = false;
      return 'complete';
    } catch (error) {
      if (leaseLost.signal.aborted || this.#stopping.signal.aborted) return 'unavailable';
      this.#isFailing = true;
      if (error instanceof StoreError || error instanceof PublishError) {
        this.#logRefusalOnce(error);
        return 'unavailable';
      }
      log.error('unexpected exception during a poll cycle (bug): the cycle will be repeated', { error });
      return 'bug';
    } finally {
      cancelWatch();
    }
  }

  /** Their clients log that Redis or the broker is unreachable, but not that they refuse. */
  #logRefusalOnce(error: StoreError | PublishError): void {
    if (
      error.code === 'unreachable' ||
      error.code === 'unavailable' ||
      error.code === 'blocked' ||
      this.#hasLoggedRefusal
    )
      return;
    this.#hasLoggedRefusal = true;
    this.#options.log.warn('nothing can be published: retrying', { detail: error.message });
  }
}
