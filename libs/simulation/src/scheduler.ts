import { nextTurn, pendingTurns } from '@pdaltagent/clock';
import { SeededRandom } from './seeded-random';

interface ScheduledEvent {
  readonly at: number;
  /** Decides between events that are due at the same time. */
  readonly draw: number;
  readonly label: string;
  readonly run: () => void;
}

/** More steps than any test takes: something reschedules itself endlessly. */
const MAX_STEPS = 1_000_000;

/**
 * Virtual time and what is due in it. One step runs one event and everything that follows from it without time passing;
 * which of several events due at the same time runs first depends on the seed.
 */
export class Scheduler {
  readonly #random: SeededRandom;
  /** The next one last. */
  readonly #events: ScheduledEvent[] = [];
  readonly #trace: string[] = [];
  /** What processes logged as a bug of their own, and when; ms. */
  readonly bugs: { readonly at: number; readonly text: string }[] = [];
  #now = 0;
  #steps = 0;

  /** @param isTracing whether the trace is recorded, which takes a third of the time */
  constructor(
    readonly seed: number,
    readonly isTracing = true,
  ) {
    this.#random = new SeededRandom(seed, 'order of simultaneous events');
  }

  /** Milliseconds since the simulation began. */
  get now(): number {
    return this.#now;
  }

  /** One line for each event that ran: its time in seconds, and its label. */
  get trace(): readonly string[] {
    return this.#trace;
  }

  /** Events that ran. */
  get steps(): number {
    return this.#steps;
  }

  /** Runs the event once, in ms; the result cancels it. The label appears in the trace. */
  schedule(ms: number, label: string, run: () => void): () => void {
    const event = { at: this.#now + Math.max(0, ms), draw: this.#random.fraction(), label, run };
    let [low, high] = [0, this.#events.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = this.#events[middle];
      if (other !== undefined && isBefore(event, other)) low = middle + 1;
      else high = middle;
    }
    this.#events.splice(low, 0, event);
    return () => {
      const index = this.#events.indexOf(event);
      if (index !== -1) this.#events.splice(index, 1);
    };
  }

  /** Adds a line to the trace: what an event did. */
  note(text: string): void {
    if (this.isTracing) this.#trace.push(`${(this.#now / 1_000).toFixed(4)} ${text}`);
  }

  /**
   * Runs events until the promise is settled, and settles like it.
   * @throws Error if nothing is scheduled any more and the promise is pending
   */
  async run<Result>(result: Promise<Result>): Promise<Result> {
    let isSettled = false;
    const settled = (): void => void (isSettled = true);
    result.then(settled, settled);
    await idle();
    try {
      for (let steps = 0; !isSettled; steps += 1) {
        if (steps === MAX_STEPS) throw new Error(`not settled after ${MAX_STEPS} events`);
        if (!(await this.#step())) throw new Error('nothing is scheduled that could settle what is awaited');
      }
    } finally {
      // What an event that threw has left must not go on during the next run.
      await idle();
    }
    return result;
  }

  /** Runs what is due within ms. */
  async runFor(ms: number): Promise<void> {
    await this.run(new Promise<void>((resolve) => this.schedule(ms, `${ms} ms have passed`, resolve)));
  }

  /** @returns whether there was an event */
  async #step(): Promise<boolean> {
    const event = this.#events.pop();
    if (event === undefined) return false;
    this.#now = event.at;
    this.#steps += 1;
    this.note(event.label);
    event.run();
    await idle();
    return true;
  }
}

function isBefore(left: ScheduledEvent, right: ScheduledEvent): boolean {
  return left.at === right.at ? left.draw < right.draw : left.at < right.at;
}

/** Resolves once every promise that is settled is handled, and nothing waits for a later turn of the event loop. */
async function idle(): Promise<void> {
  do await new Promise<void>(nextTurn);
  while (pendingTurns() > 0);
}
