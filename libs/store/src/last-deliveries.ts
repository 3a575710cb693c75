import { createHash } from 'node:crypto';
import { type Store } from './store';

/** How long the latest delivery of an alert is kept; seconds. */
const KEEP_SECONDS = 86_400;

/** The latest delivered message of an alert. Times are milliseconds since 1970. */
export interface LastDelivery {
  /** Its message id. */
  readonly id: string;
  readonly action: string;
  /** Its routing key as it may be shown: masked; a webhook's destination. */
  readonly key: string;
  readonly acceptedAt: number;
  readonly deliveredAt: number;
}

/** What is written: `alert` is a dedup key (of a webhook the incident), `name` names it together with its routing key. */
export interface RecordedDelivery extends LastDelivery {
  readonly alert: string;
  readonly name: string;
}

/**
 * The latest delivery of each alert, for a day. Redis holds no dedup key, which may be personal: a hash per digest of a
 * dedup key, with a field for each routing key that uses it, since the operator may know only the dedup key.
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

  /** Of a dedup key, the latest first. @param name only of the alert with this name. @throws StoreError */
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
