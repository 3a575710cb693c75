import { nextTurn, pendingTurns } from '@pdaltagent/clock';
import { SeededRandom } from './seeded-random';

interface ScheduledEvent {
  readonly at: number;
  /** Decides between events that are due at the same time; no two have the same. */
  readonly draw: number;
  readonly label: string;
  readonly run: () => void;
}

/** More steps than any test takes: something reschedules itself endlessly. */
const MAX_STEPS = 1_000_000;
/** Steps in one iteration of the event loop, which takes longer than many a step. */
const STEPS_PER_ITERATION = 16;

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
    this.#events.splice(this.#indexOf(event), 0, event);
    return () => {
      const index = this.#indexOf(event);
      if (this.#events[index] === event) this.#events.splice(index, 1);
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
      await this.#stepUntil(() => isSettled);
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

  /**
   * Runs events, each once everything that followed from the one before is handled: Node.js handles all settled promises after
   * each callback for the next turn, of which there are several for each iteration of the event loop.
   */
  #stepUntil(isSettled: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      let steps = 0;
      let hasEnded = false;
      let ownTurns = 0;
      const step = (): void => {
        ownTurns -= 1;
        // What a process does in the next turn belongs to the event before: the other steps wait for it.
        if (hasEnded || pendingTurns() > ownTurns) return;
        try {
          hasEnded = isSettled();
          if (hasEnded) return resolve();
          if (steps === MAX_STEPS) throw new Error(`not settled after ${MAX_STEPS} events`);
          steps += 1;
          this.#step();
        } catch (error) {
          hasEnded = true;
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      };
      const iterate = (): void => {
        if (hasEnded) return;
        ownTurns = STEPS_PER_ITERATION + 1;
        for (let count = 0; count < STEPS_PER_ITERATION; count += 1) nextTurn(step);
        nextTurn(iterate);
      };
      iterate();
    });
  }

  /** @throws Error if there is no event */
  #step(): void {
    const event = this.#events.pop();
    if (event === undefined) throw new Error('nothing is scheduled that could settle what is awaited');
    this.#now = event.at;
    this.#steps += 1;
    this.note(event.label);
    event.run();
  }

  /** The index of an event, or where it would be inserted. */
  #indexOf(event: ScheduledEvent): number {
    let low = 0;
    let high = this.#events.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = this.#events[middle];
      if (other !== undefined && isBefore(event, other)) low = middle + 1;
      else high = middle;
    }
    return low;
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
