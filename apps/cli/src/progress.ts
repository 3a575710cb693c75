import { type Clock, SYSTEM_CLOCK } from '@pdaltagent/clock';
import { type Terminal } from './terminal';

const EVERY_MS = 200;
/** Without a terminal, a line of progress is printed at most this often. */
const LINE_EVERY_MS = 5_000;

type Shown = Pick<Terminal, 'error' | 'showsProgress'>;

/** Shows the progress of a long operation: on a terminal in one line that is updated, otherwise in an occasional plain line. */
export class Progress {
  readonly #terminal: Shown;
  readonly #verb: string;
  readonly #total: number | undefined;
  readonly #clock: Clock;
  #shownAt: number;
  #isShown = false;

  constructor(terminal: Shown, verb: string, total?: number, clock: Clock = SYSTEM_CLOCK) {
    this.#terminal = terminal;
    this.#verb = verb;
    this.#total = total;
    this.#clock = clock;
    this.#shownAt = clock.monotonic();
  }

  /** @param position the position, if the total is unknown */
  at(done: number, position = ''): void {
    const { error, showsProgress } = this.#terminal;
    const now = this.#clock.monotonic();
    if (now - this.#shownAt < (showsProgress ? EVERY_MS : LINE_EVERY_MS)) return;
    this.#shownAt = now;
    this.#isShown = showsProgress;
    const suffix = this.#total === undefined ? position : `of ${this.#total}`;
    const line = `${this.#verb} ${done} ${suffix}`;
    error(showsProgress ? `\r\u001b[K${line}` : `${line}\n`);
  }

  /** Clears the line. */
  end(): void {
    if (this.#isShown) this.#terminal.error('\r\u001b[K');
    this.#isShown = false;
  }
}
