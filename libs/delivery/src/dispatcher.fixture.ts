import { type Random } from '@pdaltagent/clock';
import { ManualClock } from '@pdaltagent/testing';
import { Dispatcher } from './dispatcher';
import { type DispatcherOptions } from './dispatcher-options';
import { type Change, type DeadLetterCause } from './ports';
import { type Deliverable } from './key-queue';
import { type Outcome } from './outcome';

export interface Letter extends Deliverable {
  readonly sequence: number;
}

export const DELIVERED: Outcome = { kind: 'delivered', status: 202 };
export const THROTTLED: Outcome = { kind: 'throttled', status: 429, retryAfterMs: undefined };
export const REJECTED: Outcome = { kind: 'rejected', status: 400, answer: 'bad' };
export const ERROR: Outcome = { kind: 'error', status: undefined, detail: 'no header name' };
export const GONE: Outcome = { kind: 'gone', status: 410, answer: 'no more' };
export const FAILED: Extract<Outcome, { readonly kind: 'failed' }> = {
  kind: 'failed',
  reason: 'server-error',
  scope: 'destination',
  status: 503,
  detail: '',
  retryAfterMs: undefined,
};

/** Randomness without surprises. */
export const steady = (fraction: number): Random => ({
  fraction: () => fraction,
  bytes: (count) => new Uint8Array(count),
});

/** The same fractions every time (mulberry32). */
export function seeded(seed: number): Random {
  let state = seed;
  return {
    fraction: () => {
      state = (state + 0x6d2b79f5) | 0;
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    },
    bytes: (count) => new Uint8Array(count),
  };
}

/** A dispatcher with a hand on its clock, and everything it asked for written down. */
export class Bench {
  readonly clock = new ManualClock();
  readonly attempting = new Set<Letter>();
  readonly attempted: Letter[] = [];
  readonly interrupting: Letter[] = [];
  readonly leaving: Letter[] = [];
  readonly buried: { readonly letter: Letter; readonly cause: DeadLetterCause }[] = [];
  readonly changes: Change[] = [];
  readonly dispatcher: Dispatcher<Letter>;
  #sequence = 0;

  constructor(options: Partial<DispatcherOptions<Letter>> = {}) {
    this.dispatcher = new Dispatcher<Letter>(
      {
        concurrency: 64,
        maximumAgeMs: 86_400_000,
        poisonAfterMs: 3_600_000,
        destinationOf: () => 'PagerDuty',
        clock: this.clock,
        random: steady(0.5),
        ...options,
      },
      {
        attempt: (letter) => {
          this.attempting.add(letter);
          this.attempted.push(letter);
        },
        interrupt: (letter) => this.interrupting.push(letter),
        acknowledge: (letter) => this.leaving.push(letter),
        deadLetter: (letter, cause) => {
          this.buried.push({ letter, cause });
          this.leaving.push(letter);
        },
        changed: (change) => this.changes.push(change),
      },
    );
  }

  letter(routingKey: string, alert: string, receivedAt = this.clock.wall()): Letter {
    this.#sequence += 1;
    return {
      id: String(this.#sequence),
      routingKey,
      orderKey: `${routingKey} ${alert}`,
      receivedAt,
      sequence: this.#sequence,
    };
  }

  add(routingKey: string, alert: string): Letter {
    const letter = this.letter(routingKey, alert);
    this.dispatcher.add(letter);
    return letter;
  }

  /** Answers an attempt and lets what leaves leave at once. */
  settle(letter: Letter, outcome: Outcome): void {
    this.attempting.delete(letter);
    this.dispatcher.settle(letter, outcome);
    this.finishLeaving();
  }

  /** Takes off the wire what shall be. */
  finishInterrupting(): void {
    for (const letter of this.interrupting.splice(0)) {
      if (this.attempting.delete(letter)) this.dispatcher.interrupted(letter);
    }
  }

  finishLeaving(): void {
    for (const letter of this.leaving.splice(0)) this.dispatcher.done(letter);
  }
}
