import { type Clock } from '@pdaltagent/clock';

const LOOK_EVERY_MS = 10_000;

/** Keys of which nothing starts until they are resumed; also those of which nothing is held. */
export class PausedKeys {
  readonly #clock: Clock;
  readonly #look: (routingKey: string) => void;
  readonly #keys = new Set<string>();
  #looking = false;

  /** `look` is called for each of them again and again: what is not attempted grows old all the same. */
  constructor(clock: Clock, look: (routingKey: string) => void) {
    this.#clock = clock;
    this.#look = look;
  }

  get all(): ReadonlySet<string> {
    return this.#keys;
  }

  has(routingKey: string): boolean {
    return this.#keys.has(routingKey);
  }

  /** False where it is paused already. */
  add(routingKey: string): boolean {
    if (this.#keys.has(routingKey)) return false;
    this.#keys.add(routingKey);
    if (!this.#looking) this.#lookLater();
    return true;
  }

  /** False where it is not paused. */
  delete(routingKey: string): boolean {
    return this.#keys.delete(routingKey);
  }

  #lookLater(): void {
    this.#looking = true;
    this.#clock.after(LOOK_EVERY_MS, () => {
      this.#looking = false;
      if (this.#keys.size === 0) return;
      this.#lookLater();
      for (const routingKey of this.#keys) this.#look(routingKey);
    });
  }
}
