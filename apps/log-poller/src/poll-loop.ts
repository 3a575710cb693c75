import { PublishError, type Publisher } from '@pdaltagent/messaging';
import { type Logger } from '@pdaltagent/service';
import { type Lease, StoreError } from '@pdaltagent/store';
import { setTimeout as delay } from 'node:timers/promises';
import { type Round } from './round';

/** How often a lost lease or a broker that comes back is noticed; milliseconds. */
const WATCH_MS = 200;
/** After a round that Redis or the broker ended; milliseconds. */
const AFTER_ABSENCE_MS = 500;
/** After a round that a bug ended; milliseconds. */
const AFTER_BUG_MS = 5_000;

export interface PollLoopOptions {
  readonly round: Round;
  readonly lease: Lease;
  readonly publisher: Pick<Publisher, 'state'>;
  readonly intervalMs: number;
  readonly log: Logger;
}

type RoundEnd = 'complete' | 'absence' | 'bug';

/** Round after round, as long as this process holds the lease and the broker takes messages. */
export class PollLoop {
  readonly #options: PollLoopOptions;
  readonly #stopping = new AbortController();
  #loop: Promise<void> = Promise.resolve();

  constructor(options: PollLoopOptions) {
    this.#options = options;
  }

  start(): void {
    this.#loop = this.#run();
  }

  /** Ends the round: what it published and did not mark is published again by the next one. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    const { lease, round, publisher } = this.#options;
    while (!signal.aborted) {
      if (!lease.held()) {
        round.suspect();
        await lease.whenHeld(signal);
      }
      const began = Date.now();
      // Nothing is read that could not be published.
      const ended = publisher.state() === 'connected' ? await this.#round() : 'absence';
      await delay(Math.max(0, this.#nextAfter(ended, began) - Date.now()), undefined, { signal }).catch(
        () => undefined,
      );
    }
  }

  #nextAfter(ended: RoundEnd, began: number): number {
    switch (ended) {
      case 'complete':
        return began + this.#options.intervalMs;
      case 'absence':
        return Date.now() + AFTER_ABSENCE_MS;
      case 'bug':
        return Date.now() + AFTER_BUG_MS;
    }
  }

  /** How the round ended. Redis and the broker say themselves that they are away. */
  async #round(): Promise<RoundEnd> {
    const { round, lease, log } = this.#options;
    const ending = new AbortController();
    const watch = setInterval(() => {
      if (!lease.held()) ending.abort();
    }, WATCH_MS);
    try {
      await round.run(AbortSignal.any([this.#stopping.signal, ending.signal]));
      return 'complete';
    } catch (error) {
      if (ending.signal.aborted || this.#stopping.signal.aborted) return 'absence';
      if (error instanceof StoreError || error instanceof PublishError) {
        log.debug('the round ended early and will be repeated', { error });
        return 'absence';
      }
      log.error('a bug: the round failed and will be repeated', { error });
      return 'bug';
    } finally {
      clearInterval(watch);
    }
  }
}
