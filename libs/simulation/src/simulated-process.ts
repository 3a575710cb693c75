import { type Scheduler } from './scheduler';
import { SeededRandom } from './seeded-random';
import { VirtualClock } from './virtual-clock';

/**
 * One run of a process, until it is killed. Everything that reaches it (timers, frames, completed reads and writes) enters
 * through it: while it is paused, all of that waits, and nothing reaches it once it is dead.
 */
export class SimulatedProcess {
  readonly clock: VirtualClock;
  readonly random: SeededRandom;
  readonly #scheduler: Scheduler;
  readonly #waiting: (() => void)[] = [];
  readonly #ends: (() => void)[] = [];
  #state: 'running' | 'paused' | 'continuing' | 'dead' = 'running';
  #runningSince: number;
  #wasKilled = false;

  /** @param name unique in the simulation */
  constructor(
    scheduler: Scheduler,
    readonly name: string,
  ) {
    this.#scheduler = scheduler;
    this.clock = new VirtualClock(scheduler, name, (run) => this.enter(run));
    this.random = new SeededRandom(scheduler.seed, name);
    this.#runningSince = scheduler.now;
  }

  get isDead(): boolean {
    return this.#state === 'dead';
  }

  get isRunning(): boolean {
    return this.#state === 'running';
  }

  /** When it began to run, or continued; undefined if it does not run. */
  get runningSince(): number | undefined {
    return this.isRunning ? this.#runningSince : undefined;
  }

  /** Whether it ended without having finished what it did. */
  get wasKilled(): boolean {
    return this.#wasKilled;
  }

  /** Runs it as soon as the process runs. */
  readonly enter = (run: () => void): void => {
    if (this.#state === 'running') run();
    else if (this.#state !== 'dead') this.#waiting.push(run);
  };

  /** Enters after ms; the label appears in the trace. */
  enterAfter(ms: number, label: string, run: () => void): void {
    this.#scheduler.schedule(ms, label, () => this.enter(run));
  }

  /** Calls back when the process is killed: what the operating system does then. */
  onEnd(callback: () => void): void {
    this.#ends.push(callback);
  }

  log(level: string, message: string, fields: Readonly<Record<string, unknown>> = {}): void {
    const isBug = /\bbug\b/.test(message);
    if (!isBug && !this.#scheduler.isTracing) return;
    const line = `${this.name} logs ${level}: ${message} ${JSON.stringify(fields)}`;
    if (isBug) this.#scheduler.bugs.push({ at: this.#scheduler.now, text: line });
    this.#scheduler.note(line);
  }

  pause(): void {
    if (this.#state !== 'running') return;
    this.#scheduler.note(`${this.name} is paused`);
    this.#state = 'paused';
  }

  resume(): void {
    if (this.#state !== 'paused') return;
    this.#scheduler.note(`${this.name} continues`);
    this.#state = 'continuing';
    this.#continue();
  }

  kill(): void {
    if (this.#state === 'dead') return;
    this.#wasKilled = true;
    this.#end('is killed');
  }

  /** It ends because it has finished. */
  exit(): void {
    if (this.#state !== 'dead') this.#end('exits');
  }

  #end(how: string): void {
    this.#scheduler.note(`${this.name} ${how}`);
    this.#state = 'dead';
    this.#waiting.length = 0;
    this.clock.stop();
    for (const end of this.#ends) end();
  }

  /** What waited runs in the order in which it arrived. */
  #continue(): void {
    this.#scheduler.schedule(0, `${this.name} catches up`, () => {
      if (this.#state !== 'continuing') return;
      const next = this.#waiting.shift();
      if (next === undefined) {
        this.#state = 'running';
        this.#runningSince = this.#scheduler.now;
        return;
      }
      next();
      this.#continue();
    });
  }
}
