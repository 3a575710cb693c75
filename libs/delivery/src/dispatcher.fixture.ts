import { type Random } from '@pdaltagent/clock';
import { ManualClock } from '@pdaltagent/testing';
import { Dispatcher } from './dispatcher';
import { type DispatcherOptions } from './dispatcher-options';
import { type Change, type DeadLetterCause } from './ports';
import { type Deliverable } from './key-queue';
import { type Outcome } from './outcome';

export interface TestMessage extends Deliverable {
  readonly sequence: number;
}

export const DELIVERED: Outcome = { kind: 'delivered', status: 202 };
export const THROTTLED: Outcome = { kind: 'throttled', status: 429, retryAfterMs: undefined };
export const REJECTED: Outcome = { kind: 'rejected', status: 400, response: 'bad' };
export const ERROR: Outcome = { kind: 'error', status: undefined, detail: 'no header name' };
export const GONE: Outcome = { kind: 'gone', status: 410, response: 'no more' };
export const FAILED: Extract<Outcome, { readonly kind: 'failed' }> = {
  kind: 'failed',
  reason: 'server-error',
  scope: 'destination',
  status: 503,
  detail: '',
  retryAfterMs: undefined,
};

/** A random source that always returns the same fraction. */
export const constantRandom = (fraction: number): Random => ({
  fraction: () => fraction,
  bytes: (count) => new Uint8Array(count),
});

/** A seeded random source (mulberry32). */
export function seededRandom(seed: number): Random {
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

/** A dispatcher with a manual clock, and a record of everything it requested. */
export class Harness {
  readonly clock = new ManualClock();
  readonly attempting = new Set<TestMessage>();
  readonly attempted: TestMessage[] = [];
  readonly interrupting: TestMessage[] = [];
  readonly settling: TestMessage[] = [];
  readonly deadLettered: { readonly message: TestMessage; readonly cause: DeadLetterCause }[] = [];
  readonly changes: Change[] = [];
  readonly dispatcher: Dispatcher<TestMessage>;
  #sequence = 0;

  constructor(options: Partial<DispatcherOptions<TestMessage>> = {}) {
    this.dispatcher = new Dispatcher<TestMessage>(
      {
        concurrency: 64,
        maximumAgeMs: 86_400_000,
        poisonAfterMs: 3_600_000,
        destinationOf: () => 'PagerDuty',
        clock: this.clock,
        random: constantRandom(0.5),
        ...options,
      },
      {
        attempt: (message) => {
          this.attempting.add(message);
          this.attempted.push(message);
        },
        interrupt: (message) => this.interrupting.push(message),
        acknowledge: (message) => this.settling.push(message),
        deadLetter: (message, cause) => {
          this.deadLettered.push({ message, cause });
          this.settling.push(message);
        },
        onChange: (change) => this.changes.push(change),
      },
    );
  }

  message(routingKey: string, alert: string, receivedAt = this.clock.wall()): TestMessage {
    this.#sequence += 1;
    return {
      id: String(this.#sequence),
      routingKey,
      orderKey: `${routingKey} ${alert}`,
      receivedAt,
      sequence: this.#sequence,
    };
  }

  add(routingKey: string, alert: string): TestMessage {
    const message = this.message(routingKey, alert);
    this.dispatcher.add(message);
    return message;
  }

  /** Settles an attempt and finishes acks and dead letters at once. */
  settle(message: TestMessage, outcome: Outcome): void {
    this.attempting.delete(message);
    this.dispatcher.settle(message, outcome);
    this.finishSettling();
  }

  /** Interrupts what the dispatcher wants interrupted. */
  finishInterrupting(): void {
    for (const message of this.interrupting.splice(0)) {
      if (this.attempting.delete(message)) this.dispatcher.retryInterrupted(message);
    }
  }

  finishSettling(): void {
    for (const message of this.settling.splice(0)) this.dispatcher.done(message);
  }
}
