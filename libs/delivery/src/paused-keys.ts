import { type Clock } from '@pdaltagent/clock';

const CHECK_EVERY_MS = 10_000;

/** Paused keys, for which nothing is attempted until they are resumed; including keys without held messages. */
export class PausedKeys {
  readonly #clock: Clock;
  readonly #check: (routingKey: string) => void;
  readonly #keys = new Set<string>();
  #isScheduled = false;

  /** `check` is called periodically for each paused key: messages expire even if they are not attempted. */
  constructor(clock: Clock, check: (routingKey: string) => void) {
    this.#clock = clock;
    this.#check = check;
  }

  get all(): ReadonlySet<string> {
    return this.#keys;
  }

  has(routingKey: string): boolean {
    return this.#keys.has(routingKey);
  }

  /** False if it is already paused. */
  add(routingKey: string): boolean {
    if (this.#keys.has(routingKey)) return false;
    this.#keys.add(routingKey);
    if (!this.#isScheduled) this.#scheduleCheck();
    return true;
  }

  /** False if it is not paused. */
  delete(routingKey: string): boolean {
    return this.#keys.delete(routingKey);
  }

  #scheduleCheck(): void {
    this.#isScheduled = true;
    this.#clock.after(CHECK_EVERY_MS, () => {
      this.#isScheduled = false;
      if (this.#keys.size === 0) return;
      this.#scheduleCheck();
      for (const routingKey of this.#keys) this.#check(routingKey);
    });
  }
}
