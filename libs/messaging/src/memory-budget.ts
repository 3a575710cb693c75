import { type Clock } from '@pdaltagent/clock';

/** A queue that does not answer must not keep others from being opened for longer. */
const OPENS_WITHIN_MS = 1_000;

interface Waiting {
  readonly isUrgent: boolean;
  readonly since: number;
  readonly begin: () => void;
}

/**
 * How many bytes of messages a worker holds. AMQP limits what a consumer is sent by number only. So queues are opened one after
 * another, while less than half of the budget is held; if it is exceeded later, something has to be closed.
 */
export class MemoryBudget {
  readonly #limit: number;
  readonly #clock: Clock;
  readonly #onExceeded: () => void;
  readonly #waiting: Waiting[] = [];
  #isOpening = false;
  #held = 0;

  /** @param onExceeded called at each check above the limit */
  constructor(limit: number, clock: Clock, onExceeded: () => void) {
    this.#limit = limit;
    this.#clock = clock;
    this.#onExceeded = onExceeded;
  }

  get held(): number {
    return this.#held;
  }

  /** For how long the first of the queues that wait to be opened has waited; milliseconds. */
  get waitsForMs(): number {
    const now = this.#clock.monotonic();
    return Math.max(0, ...this.#waiting.map(({ since }) => now - since));
  }

  add(bytes: number): void {
    this.#held += bytes;
  }

  /** To be called after each message. */
  check(): void {
    if (this.#held > this.#limit) this.#onExceeded();
  }

  remove(bytes: number): void {
    this.#held -= bytes;
    this.#next();
  }

  /**
   * Opens a queue once there is room for its first messages, urgent ones first. `open` resolves once these have arrived.
   * @throws Error that aborted the signal, or of `open`
   */
  async open(isUrgent: boolean, signal: AbortSignal, open: () => Promise<void>): Promise<void> {
    await this.#turn(isUrgent, signal);
    let isOver = false;
    const end = (): void => {
      if (isOver) return;
      isOver = true;
      this.#isOpening = false;
      this.#next();
    };
    const cancel = this.#clock.after(OPENS_WITHIN_MS, end);
    try {
      await open();
    } finally {
      cancel();
      end();
    }
  }

  #turn(isUrgent: boolean, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const give = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        reject(signal.reason);
      };
      const begin = (): void => {
        signal.removeEventListener('abort', give);
        resolve();
      };
      const waiting: Waiting = { isUrgent, since: this.#clock.monotonic(), begin };
      signal.addEventListener('abort', give, { once: true });
      this.#waiting.push(waiting);
      this.#next();
    });
  }

  #next(): void {
    if (this.#isOpening || this.#held * 2 > this.#limit) return;
    const urgent = this.#waiting.findIndex(({ isUrgent }) => isUrgent);
    const [next] = this.#waiting.splice(Math.max(0, urgent), 1);
    if (next === undefined) return;
    this.#isOpening = true;
    next.begin();
  }
}
