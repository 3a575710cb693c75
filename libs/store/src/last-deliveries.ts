import { fieldOf, type LastDelivery, lastDeliveryOf } from './last-delivery-record';
import { type Store } from './store';

/** How long the latest delivery of an alert is kept; seconds. */
const KEEP_SECONDS = 86_400;

/**
 * A delivery to record: `alert` is a dedup key (for a webhook, the incident), `name` identifies it together with its
 * routing key.
 */
export interface RecordedDelivery extends LastDelivery {
  readonly alert: string;
  readonly name: string;
}

/**
 * The latest delivery of each alert, for a day. Redis stores no dedup key, which may be personal data: a hash per
 * digest of a dedup key has a field for each routing key that uses it, because the operator may know only the dedup
 * key.
 */
export class LastDeliveries {
  readonly #store: Store;
  readonly #prefix: string;
  readonly #digest: (name: string) => string;

  /**
   * @param group `events` or `webhooks`
   * @param digest what stands for a dedup key in Redis
   */
  constructor(store: Store, group: string, digest: (name: string) => string) {
    this.#store = store;
    this.#digest = digest;
    this.#prefix = `pdaltagent:last-delivered:${group}:`;
  }

  /** @throws StoreError */
  async record(deliveries: readonly RecordedDelivery[]): Promise<void> {
    const keys = deliveries.map(({ alert }) => this.#keyOf(alert));
    const fields = deliveries.flatMap((delivery) => fieldOf(delivery.name, delivery));
    await this.#store.run((redis) => redis.eval(RECORD, keys.length, ...keys, KEEP_SECONDS, ...fields));
  }

  /**
   * The deliveries for a dedup key, latest first. What cannot be read counts as none.
   * @param name only those of the alert with this name.
   * @throws StoreError
   */
  async of(alert: string, name?: string): Promise<readonly LastDelivery[]> {
    const fields = await this.#store.run((redis) => redis.hgetall(this.#keyOf(alert)));
    return Object.entries(fields)
      .filter(([field]) => name === undefined || field.startsWith(`${name} `))
      .flatMap(([field, value]) => lastDeliveryOf(field, value) ?? [])
      .sort((a, b) => b.deliveredAt - a.deliveredAt);
  }

  #keyOf(alert: string): string {
    return this.#prefix + this.#digest(alert);
  }
}

const RECORD = `
for index, key in ipairs(KEYS) do
  redis.call('HSET', key, ARGV[2 * index], ARGV[2 * index + 1])
  redis.call('EXPIRE', key, ARGV[1])
end`;
