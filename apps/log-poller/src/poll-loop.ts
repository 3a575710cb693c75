import { type Clock, delay, every, SYSTEM_CLOCK, timeoutSignal } from '@pdaltagent/clock';
import { PublishError, type Publisher } from '@pdaltagent/messaging';
import { type Logger } from '@pdaltagent/service';
import { type Lease, StoreError } from '@pdaltagent/store';
import { type Round } from './poll-cycle';

/** How often a lost lease or a broker that comes back is noticed; milliseconds. */
const WATCH_MS = 200;
/** How often a process that stands by looks where the other is; milliseconds. */
const STANDBY_MS = 2_000;
/** After a round that Redis or the broker ended; milliseconds. */
const AFTER_ABSENCE_MS = 500;
/** After a round that a bug ended; milliseconds. */
const AFTER_BUG_MS = 5_000;

export interface PollLoopOptions {
  readonly round: Pick<Round, 'run' | 'standBy' | 'locate'>;
  readonly lease: Pick<Lease, 'held' | 'holder' | 'whenHeld'>;
  readonly publisher: Pick<Publisher, 'state'>;
  readonly intervalMs: number;
  readonly log: Logger;
  readonly clock?: Clock;
}

type RoundEnd = 'complete' | 'absence' | 'bug';

/** Round after round, as long as this process holds the lease and the broker takes messages. */
export class PollLoop {
  readonly #options: Required<PollLoopOptions>;
  readonly #stopping = new AbortController();
  #loop: Promise<void> = Promise.resolve();
  /** Since the latest complete round. */
  #saidRefusal = false;
  #isFailing = false;

  constructor(options: PollLoopOptions) {
    this.#options = { clock: SYSTEM_CLOCK, ...options };
  }

  start(): void {
    this.#loop = this.#run();
  }

  /** Ends the round: what it published and did not mark is published again by the next one. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
  }

  /** Whether the latest round that ended was not completed: Redis or the broker may answer and yet take nothing. */
  failing(): boolean {
    return this.#isFailing;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    const { publisher, clock } = this.#options;
    while (!signal.aborted) {
      await this.#untilHeld(signal);
      const began = clock.monotonic();
      // Nothing is read that could not be published.
      const ended = publisher.state() === 'connected' ? await this.#round() : await this.#brokerAway();
      await delay(clock, this.#waitAfter(ended, clock.monotonic() - began), signal).catch(() => undefined);
    }
  }

  async #brokerAway(): Promise<RoundEnd> {
    await this.#options.round.locate().catch(() => undefined);
    return 'absence';
  }

  async #untilHeld(signal: AbortSignal): Promise<void> {
    const { lease, round, clock } = this.#options;
    while (!lease.held() && !signal.aborted) {
      this.#isFailing = false;
      // Redis away: its absence is said elsewhere, and what was read last still stands.
      await round.standBy(lease.holder() === 'another process').catch(() => undefined);
      await lease.whenHeld(AbortSignal.any([signal, timeoutSignal(clock, STANDBY_MS)]));
    }
  }

  /** @param tookMs how long the round took */
  #waitAfter(ended: RoundEnd, tookMs: number): number {
    switch (ended) {
      case 'complete':
        return Math.max(0, this.#options.intervalMs - tookMs);
      case 'absence':
        return AFTER_ABSENCE_MS;
      case 'bug':
        return AFTER_BUG_MS;
    }
  }

  /** How the round ended. Redis and the broker say themselves that they are away. */
  async #round(): Promise<RoundEnd> {
    const { round, lease, log, clock } = this.#options;
    const ending = new AbortController();
    const signal = AbortSignal.any([this.#stopping.signal, ending.signal]);
    const look = () => {
      if (!lease.held()) ending.abort();
    };
    // A process that wakes from a pause must notice before it publishes, not only with the next tick.
    const check = () => {
      look();
      signal.throwIfAborted();
    };
    const cancelWatch = every(clock, WATCH_MS, look);
    try {
      await round.run(signal, check);
      this.#saidRefusal = false;
      this.#isFailing = false;
      return 'complete';
    } catch (error) {
      if (ending.signal.aborted || this.#stopping.signal.aborted) return 'absence';
      this.#isFailing = true;
      if (error instanceof StoreError || error instanceof PublishError) {
        this.#sayOnce(error);
        return 'absence';
      }
      log.error('a bug: the poll cycle failed and will be repeated', { error });
      return 'bug';
    } finally {
      cancelWatch();
    }
  }

  /** That Redis or the broker is away they say themselves; that they refuse, nobody else says. */
  #sayOnce(error: StoreError | PublishError): void {
    if (error.code === 'away' || error.code === 'unavailable' || error.code === 'blocked' || this.#saidRefusal) return;
    this.#saidRefusal = true;
    this.#options.log.warn('nothing can be published: retrying', { detail: error.message });
  }
}
