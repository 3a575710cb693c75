import { type Clock, delay, type Random, SYSTEM_CLOCK, SYSTEM_RANDOM } from '@pdaltagent/clock';
import { isProcessGone, newHolderName } from './lease-holder';
import { type Log } from './log';
import { type Store } from './store';
import { StoreError } from './store-error';

/** While Redis is unreachable; milliseconds. */
const RETRY_MS = 250;

export interface LeaseOptions {
  readonly store: Store;
  /** What the lease is for; one process holds it at a time. */
  readonly name: string;
  readonly log: Log;
  /** Milliseconds after which the lease of a process that vanished expires. */
  readonly ttlMs?: number;
  /** Milliseconds between two renewals, or two attempts to acquire it. */
  readonly renewMs?: number;
  readonly clock?: Clock;
  readonly random?: Random;
}

/** Who holds a lease; unknown if Redis has not responded for as long as a lease lasts. */
export type LeaseHolder = 'this process' | 'another process' | 'unknown';

/**
 * Decides which of several processes works. This saves work but is no guarantee: a process that was paused
 * may briefly believe that it still holds the lease, so work done under it must be safe to do twice.
 */
export class Lease {
  readonly #options: Required<LeaseOptions>;
  readonly #key: string;
  readonly #token: string;
  readonly #stopping = new AbortController();
  #heldUntil = Number.NEGATIVE_INFINITY;
  /** When Redis last reported the holder, on the monotonic clock. */
  #confirmedAt = Number.NEGATIVE_INFINITY;
  #waiting: (() => void)[] = [];
  #loop: Promise<void> = Promise.resolve();
  #loggedHolder: LeaseHolder = 'unknown';
  #hasLoggedRefusal = false;

  constructor(options: LeaseOptions) {
    this.#options = { ttlMs: 6_000, renewMs: 1_000, clock: SYSTEM_CLOCK, random: SYSTEM_RANDOM, ...options };
    this.#token = newHolderName(this.#options.random);
    this.#key = `pdaltagent:lease:${options.name}`;
  }

  /** Starts acquiring and renewing the lease, until `stop`. */
  start(): void {
    this.#loop = this.#run();
  }

  /** Whether this process holds the lease, counted from before the last renewal was sent. */
  isHeld(): boolean {
    return this.#options.clock.monotonic() < this.#heldUntil;
  }

  holder(): LeaseHolder {
    if (this.isHeld()) return 'this process';
    return this.#options.clock.monotonic() - this.#confirmedAt < this.#options.ttlMs ? 'another process' : 'unknown';
  }

  /** Resolves once the lease is held, or the signal aborts. */
  async whenHeld(signal: AbortSignal): Promise<void> {
    while (!this.isHeld() && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const wake = () => {
          signal.removeEventListener('abort', wake);
          this.#waiting = this.#waiting.filter((waiting) => waiting !== wake);
          resolve();
        };
        this.#waiting.push(wake);
        signal.addEventListener('abort', wake);
      });
    }
  }

  /** Releases the lease, so that another process need not wait until it expires. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
    this.#heldUntil = Number.NEGATIVE_INFINITY;
    // If Redis is unreachable, the lease expires.
    await this.#options.store.run((redis) => redis.eval(RELEASE, 1, this.#key, this.#token)).catch(() => undefined);
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    const { clock, renewMs } = this.#options;
    while (!signal.aborted) {
      const replied = await this.#renew();
      await delay(clock, replied ? renewMs : RETRY_MS, signal).catch(() => undefined);
    }
  }

  /** Whether Redis replied. */
  async #renew(): Promise<boolean> {
    const { ttlMs, log, name, clock } = this.#options;
    const asked = clock.monotonic();
    let replied = true;
    try {
      const holder = await this.#acquire('');
      const isHolder =
        holder === this.#token || (isProcessGone(holder) && (await this.#acquire(holder)) === this.#token);
      this.#heldUntil = isHolder ? asked + ttlMs : Number.NEGATIVE_INFINITY;
      this.#confirmedAt = asked;
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      replied = false; // The lease lasts until it expires.
      // The store logs that Redis is unreachable.
      if (error.code === 'refused' && !this.#hasLoggedRefusal)
        log.warn(`${error.message}: polling is suspended until Redis accepts writes`);
      this.#hasLoggedRefusal = error.code === 'refused';
    }
    if (replied) this.#hasLoggedRefusal = false;
    const holder = this.holder();
    if (holder !== this.#loggedHolder) log.info(HOLDER_MESSAGES[holder], { lease: name });
    this.#loggedHolder = holder;
    if (this.isHeld()) for (const resolve of this.#waiting.splice(0)) resolve();
    return replied;
  }

  /** Acquires or renews the lease if it is free, ours, or held by `from`; returns the holder afterwards. */
  async #acquire(from: string): Promise<string> {
    const { store, ttlMs } = this.#options;
    return String(await store.run((redis) => redis.eval(ACQUIRE, 1, this.#key, this.#token, ttlMs, from)));
  }
}

const HOLDER_MESSAGES: Readonly<Record<LeaseHolder, string>> = {
  'this process': 'this process holds the lease',
  'another process': 'another process holds the lease',
  unknown: 'the holder of the lease is unknown: Redis does not respond',
};

const ACQUIRE = `
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] and holder ~= ARGV[3] then return holder end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return ARGV[1]`;

const RELEASE = `
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0`;
