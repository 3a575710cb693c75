import { type Store } from './store';

const KEY = 'pdaltagent:poller:cursor';

/** How far the log entries are read. All times are PagerDuty's, in milliseconds since 1970. */
export interface Position {
  /** Nothing before this is ever read: where the very first reading began. */
  readonly start: number;
  /** Everything up to here was published, but for what appears late. */
  readonly cursor: number;
}

/** The place in PagerDuty's log. It moves forward, and it never expires: a stop of months is caught up. */
export class Cursor {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** @returns null where there is none: a first start, or an emptied Redis. @throws StoreError */
  async read(): Promise<Position | null> {
    const [start, cursor] = await this.#store.run((redis) => redis.hmget(KEY, 'start', 'cursor'));
    if (!start || !cursor) return null;
    return { start: Number(start), cursor: Number(cursor) };
  }

  /** Moves the cursor there unless it is further already; writes both where there is none. @throws StoreError */
  async advance({ start, cursor }: Position): Promise<void> {
    await this.#store.run((redis) => redis.eval(ADVANCE, 1, KEY, start, cursor));
  }

  /** Puts a cursor that lies in the future where it belongs. @throws StoreError */
  async moveBack({ start, cursor }: Position): Promise<void> {
    await this.#store.run((redis) => redis.hset(KEY, { start, cursor }));
  }
}

const ADVANCE = `
redis.call('HSETNX', KEYS[1], 'start', ARGV[1])
local current = tonumber(redis.call('HGET', KEYS[1], 'cursor'))
if not current or tonumber(ARGV[2]) > current then redis.call('HSET', KEYS[1], 'cursor', ARGV[2]) end
return 1`;
