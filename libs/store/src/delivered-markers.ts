import { forEach } from './batch';
import { type Store } from './store';

const PREFIX = 'pdaltagent:delivered:';

/** Remembers which messages were delivered, so that one that the broker gives out again is not delivered again. */
export class DeliveredMarkers {
  readonly #store: Store;
  readonly #ttlSeconds: number;

  /** @param ttlSeconds how long a message may be given out again: at least its maximum age */
  constructor(store: Store, ttlSeconds: number) {
    this.#store = store;
    this.#ttlSeconds = ttlSeconds;
  }

  /** Which of the message ids were delivered. @throws StoreError (code `away`: nobody knows) */
  async has(ids: readonly string[]): Promise<ReadonlySet<string>> {
    const replies = await forEach(this.#store, ids, (pipeline, id) => pipeline.exists(PREFIX + id));
    return new Set(ids.filter((_id, index) => replies[index] === 1));
  }

  /** @throws StoreError (code `away`: it may or may not be written) */
  async mark(id: string): Promise<void> {
    await this.#store.run((redis) => redis.set(PREFIX + id, '1', 'EX', this.#ttlSeconds));
  }
}
