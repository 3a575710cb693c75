import { nextTurn } from '@pdaltagent/clock';
import { type Store } from './store';

const PREFIX = 'pdaltagent:delivered:';

/** One command for all marks of one turn of the event loop: KEYS are the marks, ARGV their time to live in seconds. */
const MARK_ALL = `for _, key in ipairs(KEYS) do redis.call('SET', key, '1', 'EX', ARGV[1]) end`;

/** Remembers which messages were delivered, so that a redelivered one is not sent again. */
export class DeliveredMarkers {
  readonly #store: Store;
  readonly #ttlSeconds: number;
  /** The marks of this turn of the event loop; `written` resolves once all are written. */
  #batch: { readonly keys: string[]; readonly written: Promise<void> } | undefined;

  /** @param ttlSeconds how long a message may be redelivered: at least its maximum age */
  constructor(store: Store, ttlSeconds: number) {
    this.#store = store;
    this.#ttlSeconds = ttlSeconds;
  }

  /** Which of the message ids were delivered. @throws StoreError */
  async has(ids: readonly string[]): Promise<ReadonlySet<string>> {
    // Every message is looked up: one command for all costs a tenth of one command each.
    const marks = await this.#store.run((redis) => redis.mget(ids.map((id) => PREFIX + id)));
    return new Set(ids.filter((_id, index) => marks[index] !== null));
  }

  /** @throws StoreError (code `unreachable`: it may or may not be written) */
  mark(id: string): Promise<void> {
    this.#batch ??= this.#openBatch();
    this.#batch.keys.push(PREFIX + id);
    return this.#batch.written;
  }

  #openBatch() {
    const keys: string[] = [];
    const written = new Promise<void>((resolve) => nextTurn(resolve)).then(async () => {
      this.#batch = undefined;
      await this.#store.run((redis) => redis.eval(MARK_ALL, keys.length, ...keys, this.#ttlSeconds));
    });
    return { keys, written };
  }
}
