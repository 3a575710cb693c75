import { createHash } from 'node:crypto';
import { type Store } from './store';

/** How long the latest delivery of an alert is kept; seconds. */
const KEEP_SECONDS = 86_400;

/** The latest delivered message of an alert. Times are milliseconds since 1970. */
export interface LastDelivery {
  /** Its message id. */
  readonly id: string;
  readonly action: string;
  /** Its masked routing key, or a webhook's destination. */
  readonly key: string;
  readonly acceptedAt: number;
  readonly deliveredAt: number;
}

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

  /** @param group `events` or `webhooks` */
  constructor(store: Store, group: string) {
    this.#store = store;
    this.#prefix = `pdaltagent:last-delivered:${group}:`;
  }

  /** @throws StoreError */
  async record(deliveries: readonly RecordedDelivery[]): Promise<void> {
    const keys = deliveries.map(({ alert }) => this.#keyOf(alert));
    const fields = deliveries.flatMap(({ name, id, action, key, acceptedAt, deliveredAt }) => [
      name,
      JSON.stringify({ id, action, key, acceptedAt, deliveredAt }),
    ]);
    await this.#store.run((redis) => redis.eval(RECORD, keys.length, ...keys, KEEP_SECONDS, ...fields));
  }

  /**
   * The deliveries for a dedup key, latest first.
   * @param name only those of the alert with this name.
   * @throws StoreError
   */
  async of(alert: string, name?: string): Promise<readonly LastDelivery[]> {
    const fields = await this.#store.run((redis) => redis.hgetall(this.#keyOf(alert)));
    return Object.entries(fields)
      .filter(([field]) => name === undefined || field === name)
      .flatMap(([, text]) => lastDeliveryOf(text) ?? [])
      .sort((a, b) => b.deliveredAt - a.deliveredAt);
  }

  #keyOf(alert: string): string {
    return this.#prefix + createHash('sha256').update(alert).digest('hex').slice(0, 32);
  }
}

function lastDeliveryOf(text: string): LastDelivery | undefined {
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null) return undefined;
  const members: Readonly<Record<string, unknown>> = { ...value };
  const { id, action, key, acceptedAt, deliveredAt } = members;
  if (typeof id !== 'string' || typeof action !== 'string' || typeof key !== 'string') return undefined;
  if (typeof acceptedAt !== 'number' || typeof deliveredAt !== 'number') return undefined;
  return { id, action, key, acceptedAt, deliveredAt };
}

const RECORD = `
for index, key in ipairs(KEYS) do
  redis.call('HSET', key, ARGV[2 * index], ARGV[2 * index + 1])
  redis.call('EXPIRE', key, ARGV[1])
end`;
