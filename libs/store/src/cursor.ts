import { type Store } from './store';

const KEY = 'pdaltagent:poller:cursor';

/** How far the log entries were read. All times are PagerDuty's, in milliseconds since 1970. */
export interface Position {
  /** Where the very first read began: nothing before this is ever read. */
  readonly start: number;
  /** Everything up to here was published, except entries that appear late. */
  readonly cursor: number;
}

/** The position in PagerDuty's log. It never expires, so that even a stop of months is caught up. */
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

  /** Moves the cursor there unless it is already further; writes both if there is none. @throws StoreError */
  async advance({ start, cursor }: Position): Promise<void> {
    await this.#store.run((redis) => redis.eval(ADVANCE, 1, KEY, start, cursor));
  }

  /** Moves back a cursor that is in the future. @throws StoreError */
  async moveBack({ start, cursor }: Position): Promise<void> {
    await this.#store.run((redis) => redis.hset(KEY, { start, cursor }));
  }
}

const ADVANCE = `
redis.call('HSETNX', KEYS[1], 'start', ARGV[1])
local current = tonumber(redis.call('HGET', KEYS[1], 'cursor'))
if not current or tonumber(ARGV[2]) > current then redis.call('HSET', KEYS[1], 'cursor', ARGV[2]) end
return 1`;
