import { type Store } from './store';

const KEY = 'pdaltagent:poller:cursor';

/** How far log entries have been read. All times are PagerDuty's, in milliseconds since 1970. */
export interface Position {
  /** Nothing before this is ever read: it is where the first poll began. */
  readonly start: number;
  /** Everything up to here was published, except for entries that appear late. */
  readonly cursor: number;
}

/** The position in PagerDuty's log. It only moves forward, and never expires: polling catches up even after months. */
export class Cursor {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** @returns null if there is none: a first start, or an emptied Redis. @throws StoreError */
  async read(): Promise<Position | null> {
    const [start, cursor] = await this.#store.run((redis) => redis.hmget(KEY, 'start', 'cursor'));
    if (!start || !cursor) return null;
    return { start: Number(start), cursor: Number(cursor) };
  }

  /** Moves the cursor forward; writes both times if there is none. @throws StoreError */
  async advance({ start, cursor }: Position): Promise<void> {
    await this.#store.run((redis) => redis.eval(ADVANCE, 1, KEY, start, cursor));
  }

  /** Moves a cursor that is in the future back. @throws StoreError */
  async moveBack({ start, cursor }: Position): Promise<void> {
    await this.#store.run((redis) => redis.hset(KEY, { start, cursor }));
  }
}

const ADVANCE = `
redis.call('HSETNX', KEYS[1], 'start', ARGV[1])
local current = tonumber(redis.call('HGET', KEYS[1], 'cursor'))
if not current or tonumber(ARGV[2]) > current then redis.call('HSET', KEYS[1], 'cursor', ARGV[2]) end
return 1`;
