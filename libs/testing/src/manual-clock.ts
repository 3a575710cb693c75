import { type Clock } from '@pdaltagent/clock';

interface Timer {
  readonly at: number;
  readonly callback: () => void;
}

/** A clock that only a test advances. Monotonic and wall time differ, so that using the wrong one is noticed. */
export class ManualClock implements Clock {
  #monotonic = 1_000_000;
  #wall = Date.UTC(2026, 0, 1);
  readonly #timers = new Set<Timer>();

  monotonic(): number {
    return this.#monotonic;
  }

  wall(): number {
    return this.#wall;
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { at: this.#monotonic + Math.max(0, ms), callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Number of pending timers. */
  get waiting(): number {
    return this.#timers.size;
  }

  /** Advances by ms; timers that are due are called in order, each at its own time. */
  advance(ms: number): void {
    const end = this.#monotonic + ms;
    for (;;) {
      const due = [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#timers.delete(due);
      this.#move(Math.max(0, due.at - this.#monotonic));
      due.callback();
    }
    this.#move(end - this.#monotonic);
  }

  /** Sets the wall clock forward or back, as an operator or NTP does; monotonic time does not change. */
  jump(ms: number): void {
    this.#wall += ms;
  }

  #move(ms: number): void {
    this.#monotonic += ms;
    this.#wall += ms;
  }
}
