import { type Clock, SYSTEM_CLOCK } from '@pdaltagent/clock';
import { type Log } from './log';

/** Dozens of lanes change owner when workers start or stop: changes within this time share one log line. */
const BATCH_MS = 500;

/** Logs one line for lanes taken and one for lanes released or lost, each with the number of lanes owned afterwards. */
export class LaneChanges {
  readonly #log: Log;
  readonly #owned: () => Iterable<number>;
  readonly #taken = new Set<number>();
  readonly #released = new Set<number>();
  readonly #clock: Clock;
  #cancel: (() => void) | undefined;

  constructor(log: Log, owned: () => Iterable<number>, clock: Clock = SYSTEM_CLOCK) {
    this.#log = log;
    this.#owned = owned;
    this.#clock = clock;
  }

  recordTaken(lane: number): void {
    this.#record(lane, this.#taken);
  }

  /** The lane was released or lost. */
  recordReleased(lane: number): void {
    this.#record(lane, this.#released);
  }

  /** Logs pending changes. */
  flush(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    const owned = [...this.#owned()].length;
    for (const [message, lanes] of [
      ['lanes released', this.#released],
      ['lanes taken', this.#taken],
    ] as const) {
      if (lanes.size > 0) this.#log.info(message, { lanes: [...lanes].sort((a, b) => a - b).join(' '), owned });
      lanes.clear();
    }
  }

  #record(lane: number, lanes: Set<number>): void {
    lanes.add(lane);
    this.#cancel ??= this.#clock.after(BATCH_MS, () => this.flush());
  }
}
