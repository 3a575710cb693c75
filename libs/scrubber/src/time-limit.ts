import { type Clock } from '@pdaltagent/clock';

/** Work between two readings of the clock: short texts must not pay for it. In characters that a built-in detector scans. */
const CHARACTERS_PER_CHECK = 16_384;

/** Thrown by a scan when its time is over. */
export class TimeOver extends Error {
  override readonly name = 'TimeOver';
}

/** The time that one body may take. */
export class TimeLimit {
  #unchecked = 0;
  #isOver: boolean;
  readonly #clock: Clock | undefined;
  readonly #deadline: number;

  /** @param clock undefined: there is no limit */
  constructor(clock?: Clock, milliseconds = Infinity) {
    this.#clock = clock;
    this.#deadline = clock === undefined ? Infinity : clock.monotonic() + milliseconds;
    this.#isOver = milliseconds <= 0;
  }

  /** Whether it was over when the clock was last read. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Accounts for a scan of this many characters. @throws TimeOver */
  spend(characters: number): void {
    this.#unchecked += characters;
    if (this.#unchecked < CHARACTERS_PER_CHECK || this.#clock === undefined) return;
    this.#unchecked = 0;
    this.#isOver ||= this.#clock.monotonic() >= this.#deadline;
    if (this.#isOver) throw new TimeOver();
  }
}
