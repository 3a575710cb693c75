import { type Clock, nextTurn } from '@pdaltagent/clock';

/** Which messages were delivered already. Both calls settle soon; a rejection means that nobody knows. */
export interface DeliveredMarkers {
  /** Of the ids asked, those known as delivered. */
  has(ids: readonly string[]): Promise<ReadonlySet<string>>;
  /** Remembers a delivery. */
  mark(id: string): Promise<void>;
}

/** Delivered ids that are remembered without Redis, enough for what the broker may give back. */
const REMEMBERED = 20_000;
/** After an error Redis is asked nothing for this time: a Redis that hangs must not hold up every attempt. */
const PAUSE_MS = 5_000;

/** The ids of delivered messages, as this worker and its markers remember them. */
export class DeliveredIds {
  readonly #markers: DeliveredMarkers;
  readonly #clock: Clock;
  readonly #ids = new Set<string>();
  /** What is asked in this turn of the event loop, and the answer to all of it. */
  #batch: { readonly ids: string[]; readonly answer: Promise<ReadonlySet<string>> } | undefined;
  /** After an error: when the markers are asked again. One question tells whether they answer. */
  #askAgainAt: number | undefined;

  constructor(markers: DeliveredMarkers, clock: Clock) {
    this.#markers = markers;
    this.#clock = clock;
  }

  /** Whether this worker itself remembers it. */
  remembers(id: string): boolean {
    return this.#ids.has(id);
  }

  /** Remembers a delivery here and by its marker; settles once it is written or the markers are known to be unreachable. */
  async add(id: string): Promise<void> {
    this.#ids.add(id);
    if (this.#ids.size > REMEMBERED) {
      const [oldest] = this.#ids;
      if (oldest !== undefined) this.#ids.delete(oldest);
    }
    await this.#markers.mark(id).catch(() => undefined);
  }

  /** Those of the ids that were delivered, as far as anybody knows. Never rejects. */
  async among(ids: readonly string[]): Promise<ReadonlySet<string>> {
    const marked = await this.#marked(ids);
    return new Set(ids.filter((id) => this.#ids.has(id) || marked.has(id)));
  }

  /** The same of one id; everything that is asked in one turn of the event loop is asked together. */
  async has(id: string): Promise<boolean> {
    if (this.#ids.has(id)) return true;
    this.#batch ??= this.#openBatch();
    this.#batch.ids.push(id);
    return (await this.#batch.answer).has(id);
  }

  #openBatch() {
    const ids: string[] = [];
    const answer = new Promise<void>((resolve) => nextTurn(resolve)).then(() => {
      this.#batch = undefined;
      return this.among(ids);
    });
    return { ids, answer };
  }

  async #marked(ids: readonly string[]): Promise<ReadonlySet<string>> {
    const now = this.#clock.monotonic();
    if (this.#askAgainAt !== undefined) {
      if (now < this.#askAgainAt) return NONE;
      // The others go on while one asks.
      this.#askAgainAt = Number.POSITIVE_INFINITY;
    }
    try {
      const marked = await this.#markers.has(ids);
      this.#askAgainAt = undefined;
      return marked;
    } catch {
      this.#askAgainAt = this.#clock.monotonic() + PAUSE_MS;
      return NONE;
    }
  }
}

const NONE: ReadonlySet<string> = new Set();
