import { type Clock } from '@pdaltagent/clock';
import { type Scheduler } from './scheduler';

/** Monotonic and wall time start apart, so that neither passes for the other. */
const MONOTONIC_START = 1_000_000;
const WALL_START = Date.UTC(2026, 0, 1);

/** The clock of one simulated process. */
export class VirtualClock implements Clock {
  readonly #scheduler: Scheduler;
  readonly #name: string;
  readonly #timers = new Set<() => void>();
  readonly #enter: (run: () => void) => void;
  #wallOffset = 0;
  #hasStopped = false;

  /**
   * @param name of the process, for the trace
   * @param enter runs a callback as soon as the process runs
   */
  constructor(scheduler: Scheduler, name: string, enter: (run: () => void) => void = (run) => run()) {
    this.#scheduler = scheduler;
    this.#name = name;
    this.#enter = enter;
  }

  monotonic(): number {
    return MONOTONIC_START + this.#scheduler.now;
  }

  wall(): number {
    return WALL_START + this.#scheduler.now + this.#wallOffset;
  }

  after(ms: number, callback: () => void): () => void {
    if (this.#hasStopped) return () => undefined;
    let isCancelled = false;
    const cancel = this.#scheduler.schedule(ms, `${this.#name}: timer`, () => {
      this.#timers.delete(cancel);
      this.#enter(() => {
        if (!isCancelled) callback();
      });
    });
    this.#timers.add(cancel);
    return () => {
      isCancelled = true;
      this.#timers.delete(cancel);
      cancel();
    };
  }

  /** Sets the wall clock forward, or back, as an operator or NTP does. No time passes. */
  jump(ms: number): void {
    this.#wallOffset += ms;
    this.#scheduler.note(`${this.#name}: the wall clock jumps by ${ms} ms`);
  }

  /** The process is killed: none of its timers calls back. */
  stop(): void {
    this.#hasStopped = true;
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
  }
}
