import { type Store } from './store';

const PREFIX = 'pdaltagent:lane-claim:';

/** KEYS: the lane; ARGV: the claim. */
const WITHDRAW = `if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end`;

/** Which worker delivers each lane: each attempt checks that no other worker has claimed the lane since. */
export class LaneClaims {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Replaces the claim of a lane. @returns the former one, if any @throws StoreError */
  async claim(lane: string, claim: string): Promise<string | undefined> {
    return (await this.#store.run((redis) => redis.getset(PREFIX + lane, claim))) ?? undefined;
  }

  /** The current claims of lanes that have one, by lane. @throws StoreError */
  async read(lanes: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const claims = await this.#store.run((redis) => redis.mget(lanes.map((lane) => PREFIX + lane)));
    return new Map(
      lanes.flatMap((lane, index) => {
        const claim = claims[index];
        return typeof claim === 'string' ? [[lane, claim] as const] : [];
      }),
    );
  }

  /** Removes this claim, if it is still the current one. @throws StoreError */
  async withdraw(lane: string, claim: string): Promise<void> {
    await this.#store.run((redis) => redis.eval(WITHDRAW, 1, PREFIX + lane, claim));
  }
}
