import { type Clock } from '@pdaltagent/clock';

/** A queue that does not answer must not keep others from being opened for longer. */
const OPENS_WITHIN_MS = 1_000;
/** A lane that was released for longer had another owner, which opened its queues. */
const RETAKEN_WITHIN_MS = 10_000;
/** After this long, a queue that is not urgent has its turn among those that are. */
const PREFERENCE_MS = 30_000;

interface Waiting {
  readonly queue: string;
  readonly isUrgent: boolean;
  readonly since: number;
  readonly begin: () => void;
}

/**
 * How many bytes of messages a worker holds. AMQP limits what a consumer is sent by number only. So queues are opened one after
 * another, while less than half of the budget is held; if it is exceeded later, something has to be closed. Each time it is the turn
 * of the urgent queue that was opened least recently, or of another one that has waited for long, so that each is opened some time. Invariant I10.
 */
export class MemoryBudget {
  readonly #limit: number;
  readonly #clock: Clock;
  readonly #onExceeded: () => void;
  readonly #waiting: Waiting[] = [];
  /** By queue, in which turn it was opened last. */
  readonly #opened = new Map<string, number>();
  /** By queue, since when it is to be opened, also if its lane was released and taken again soon; and when that was. Monotonic. */
  readonly #wanted = new Map<string, { readonly since: number; releasedAt: number }>();
  #turns = 0;
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

  /** In which turn the queue was opened last; 0 if it never was. */
  turnOf(queue: string): number {
    return this.#opened.get(queue) ?? 0;
  }

  /**
   * Opens a queue once it is its turn, and there is room for its first messages. `open` resolves once these have arrived.
   * @throws Error that aborted the signal, or of `open`
   */
  async open(queue: string, isUrgent: boolean, signal: AbortSignal, open: () => Promise<void>): Promise<void> {
    if (!(await this.#turn(queue, isUrgent, signal))) return signal.throwIfAborted();
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

  /** Resolves with false if the signal is aborted first. */
  #turn(queue: string, isUrgent: boolean, signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const give = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        wanted.releasedAt = this.#clock.monotonic();
        resolve(false);
      };
      const begin = (): void => {
        signal.removeEventListener('abort', give);
        resolve(true);
      };
      const now = this.#clock.monotonic();
      const former = this.#wanted.get(queue);
      const since = former !== undefined && now - former.releasedAt < RETAKEN_WITHIN_MS ? former.since : now;
      const wanted = { since, releasedAt: now };
      this.#wanted.set(queue, wanted);
      const waiting: Waiting = { queue, isUrgent, since, begin };
      signal.addEventListener('abort', give, { once: true });
      this.#waiting.push(waiting);
      this.#next();
    });
  }

  #next(): void {
    if (this.#isOpening || this.#held * 2 > this.#limit) return;
    const now = this.#clock.monotonic();
    const preferred = this.#waiting.filter(({ isUrgent, since }) => isUrgent || now - since >= PREFERENCE_MS);
    const [next] = (preferred.length > 0 ? preferred : [...this.#waiting]).sort(
      (left, right) => this.turnOf(left.queue) - this.turnOf(right.queue),
    );
    if (next === undefined) return;
    this.#wanted.delete(next.queue);
    this.#waiting.splice(this.#waiting.indexOf(next), 1);
    this.#turns += 1;
    this.#opened.set(next.queue, this.#turns);
    this.#isOpening = true;
    next.begin();
  }
}
