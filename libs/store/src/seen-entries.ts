import { pipelined } from './pipelined';
import { type Store } from './store';

const PREFIX = 'pdaltagent:seen:';

/** The ids of log entries that were published. Each is forgotten `ttlSeconds` after it was last seen. */
export class SeenEntries {
  readonly #store: Store;
  readonly #ttlSeconds: number;

  constructor(store: Store, ttlSeconds: number) {
    this.#store = store;
    this.#ttlSeconds = ttlSeconds;
  }

  /**
   * Which of the ids were seen. Those are kept for another `ttlSeconds`, so that an entry that is read repeatedly
   * (the last one of a quiet account) is not forgotten.
   * @throws StoreError
   */
  async has(ids: readonly string[]): Promise<ReadonlySet<string>> {
    const replies = await pipelined(this.#store, ids, (pipeline, id) => pipeline.expire(PREFIX + id, this.#ttlSeconds));
    return new Set(ids.filter((_id, index) => replies[index] === 1));
  }

  /** @throws StoreError */
  async mark(ids: readonly string[]): Promise<void> {
    await pipelined(this.#store, ids, (pipeline, id) => pipeline.set(PREFIX + id, '1', 'EX', this.#ttlSeconds));
  }
}
