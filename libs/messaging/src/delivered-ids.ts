import { type Clock, nextTurn } from '@pdaltagent/clock';

/** Which messages have been delivered. Both calls settle soon; a rejection means that it is unknown. */
export interface DeliveredMarkers {
  /** Those of the ids that are known to be delivered. */
  has(ids: readonly string[]): Promise<ReadonlySet<string>>;
  /** Remembers a delivery. */
  mark(id: string): Promise<void>;
}

/** Delivered ids that are remembered without Redis: enough for what the broker may redeliver. */
const REMEMBERED = 20_000;
/** Redis is not queried for this long after an error: if it hangs, it must not delay every attempt. */
const PAUSE_MS = 5_000;

/** The ids of delivered messages, remembered by this worker and in the markers. */
export class DeliveredIds {
  readonly #markers: DeliveredMarkers;
  readonly #clock: Clock;
  readonly #ids = new Set<string>();
  /** The ids requested in this turn of the event loop, and the reply to all of them. */
  #batch: { readonly ids: string[]; readonly reply: Promise<ReadonlySet<string>> } | undefined;
  /** After an error: when the markers are queried again, with a single query first. */
  #askAgainAt: number | undefined;

  constructor(markers: DeliveredMarkers, clock: Clock) {
    this.#markers = markers;
    this.#clock = clock;
  }

  /** Whether this worker itself remembers it. */
  remembers(id: string): boolean {
    return this.#ids.has(id);
  }

  /**
   * Remembers a delivery here and in the markers; settles once it is written or the markers are known to be
   * unreachable.
   */
  async add(id: string): Promise<void> {
    this.#ids.add(id);
    if (this.#ids.size > REMEMBERED) {
      const [oldest] = this.#ids;
      if (oldest !== undefined) this.#ids.delete(oldest);
    }
    await this.#markers.mark(id).catch(() => undefined);
  }

  /** Those of the ids that are known to be delivered. Never rejects. */
  async among(ids: readonly string[]): Promise<ReadonlySet<string>> {
    const marked = await this.#findMarked(ids);
    return new Set(ids.filter((id) => this.#ids.has(id) || marked.has(id)));
  }

  /** The same for one id; all ids requested in one turn of the event loop are queried together. */
  async has(id: string): Promise<boolean> {
    if (this.#ids.has(id)) return true;
    this.#batch ??= this.#openBatch();
    this.#batch.ids.push(id);
    return (await this.#batch.reply).has(id);
  }

  #openBatch() {
    const ids: string[] = [];
    const reply = new Promise<void>((resolve) => nextTurn(resolve)).then(() => {
      this.#batch = undefined;
      return this.among(ids);
    });
    return { ids, reply };
  }

  async #findMarked(ids: readonly string[]): Promise<ReadonlySet<string>> {
    const now = this.#clock.monotonic();
    if (this.#askAgainAt !== undefined) {
      if (now < this.#askAgainAt) return NONE;
      // Others proceed while one query is in flight.
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
