import { type Clock, SYSTEM_CLOCK } from '@pdaltagent/clock';
import { type Log } from './log';

/** Lanes change hands by the dozen at a start and when workers come or go: they are told together. */
const BATCH_MS = 500;

/** A line in the log for lanes taken, and one for lanes let go or lost, each with what is ours then. */
export class LaneChanges {
  readonly #log: Log;
  readonly #owned: () => Iterable<number>;
  readonly #taken = new Set<number>();
  readonly #gone = new Set<number>();
  readonly #clock: Clock;
  #cancel: (() => void) | undefined;

  constructor(log: Log, owned: () => Iterable<number>, clock: Clock = SYSTEM_CLOCK) {
    this.#log = log;
    this.#owned = owned;
    this.#clock = clock;
  }

  taken(lane: number): void {
    this.#note(lane, this.#taken);
  }

  /** Let go, or lost. */
  gone(lane: number): void {
    this.#note(lane, this.#gone);
  }

  /** Tells what was not told yet. */
  flush(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    const owned = [...this.#owned()].length;
    for (const [message, lanes] of [
      ['lanes released', this.#gone],
      ['lanes taken', this.#taken],
    ] as const) {
      if (lanes.size > 0) this.#log.info(message, { lanes: [...lanes].sort((a, b) => a - b).join(' '), owned });
      lanes.clear();
    }
  }

  #note(lane: number, lanes: Set<number>): void {
    lanes.add(lane);
    this.#cancel ??= this.#clock.after(BATCH_MS, () => this.flush());
  }
}
