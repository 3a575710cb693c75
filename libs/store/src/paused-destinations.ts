import { type Store } from './store';

const KEY = 'pdaltagent:webhooks:paused';

/** The destinations that are paused until an operator resumes them. They never expire. */
export class PausedDestinations {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Name to the time at which it was paused, in milliseconds since 1970. @throws StoreError */
  async all(): Promise<ReadonlyMap<string, number>> {
    const paused = await this.#store.run((redis) => redis.hgetall(KEY));
    return new Map(Object.entries(paused).map(([name, at]) => [name, Number(at)]));
  }

  /** @param at milliseconds since 1970; ignored if the destination is already paused. @throws StoreError */
  async pause(name: string, at: number): Promise<void> {
    await this.#store.run((redis) => redis.hsetnx(KEY, name, at));
  }

  /** @returns whether it was paused. @throws StoreError */
  async resume(name: string): Promise<boolean> {
    return (await this.#store.run((redis) => redis.hdel(KEY, name))) === 1;
  }
}
