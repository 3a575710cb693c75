import { type Store } from './store';

const DAY_MS = 86_400_000;
/** How long an alert is remembered after its latest dead letter. */
const KEEP_ALERT_MS = 30 * DAY_MS;
/** The most alerts to remember: those with the oldest dead letters are forgotten first. */
const MAX_ALERTS = 50_000;
const SCAN_COUNT = 1_000;

/** An event that was delivered after a dead letter of its alert. Times are milliseconds since 1970. */
export interface DeliveredSince {
  readonly action: string;
  readonly acceptedAt: number;
  readonly deliveredAt: number;
}

/** What is known about an alert that has dead letters. */
export interface DeadLetteredAlert {
  /** Deliveries after dead letters that were accepted before this were not recorded. */
  readonly recordedSince: number;
  /** The latest delivery of each action. */
  readonly delivered: readonly DeliveredSince[];
}

export interface DeadLetteredAlertsState {
  readonly alerts: ReadonlyMap<string, DeadLetteredAlert>;
  /** Deliveries after dead letters from before this may have been missed; 0: none. */
  readonly gapUntil: number;
}

/**
 * The alerts that have dead letters, and what was delivered for them since. The caller names the alerts and keeps
 * secrets out of the names: a sorted set has the time at which each was remembered, a hash what is known about it.
 */
export class DeadLetteredAlerts {
  readonly #store: Store;
  readonly #names: string;
  readonly #facts: string;
  readonly #unwatched: string;

  /** @param group `events` or `webhooks` */
  constructor(store: Store, group: string) {
    this.#store = store;
    this.#names = `pdaltagent:dead-alerts:${group}`;
    this.#facts = `${this.#names}:facts`;
    this.#unwatched = `${this.#names}:unwatched-until`;
  }

  /** @param acceptedAt of the message that became a dead letter. @throws StoreError */
  async remember(alert: string, acceptedAt: number): Promise<void> {
    await this.#store.run((redis) =>
      redis.eval(REMEMBER, 2, this.#names, this.#facts, alert, acceptedAt, KEEP_ALERT_MS, MAX_ALERTS),
    );
  }

  /** Writes nothing for an alert that was forgotten. @throws StoreError */
  async recordDelivery(alert: string, { action, acceptedAt, deliveredAt }: DeliveredSince): Promise<void> {
    await this.#store.run((redis) =>
      redis.eval(RECORD_DELIVERY, 1, this.#facts, alert, action, acceptedAt, deliveredAt),
    );
  }

  /** The alerts remembered since a previous result's `upTo`, perhaps some from before it. @throws StoreError */
  async rememberedSince(since: number): Promise<{ readonly alerts: readonly string[]; readonly upTo: number }> {
    const found = await this.#store.run((redis) => redis.zrangebyscore(this.#names, since, '+inf', 'WITHSCORES'));
    const scores = found.filter((_text, index) => index % 2 === 1).map(Number);
    return { alerts: found.filter((_text, index) => index % 2 === 0), upTo: scores.at(-1) ?? since };
  }

  /** @throws StoreError */
  async recordGap(at: number): Promise<void> {
    await this.#store.run((redis) => redis.set(this.#unwatched, at, 'PX', KEEP_ALERT_MS));
  }

  /** Everything that is known. @throws StoreError */
  async all(): Promise<DeadLetteredAlertsState> {
    const alerts = new Map<string, DeadLetteredAlert>();
    const gapUntil = Number((await this.#store.run((redis) => redis.get(this.#unwatched))) ?? 0);
    let cursor = '0';
    do {
      const [next, found] = await this.#store.run((redis) => redis.hscan(this.#facts, cursor, 'COUNT', SCAN_COUNT));
      for (let index = 0; index + 1 < found.length; index += 2) {
        const known = parseAlert(found[index + 1] ?? '');
        if (known !== undefined) alerts.set(found[index] ?? '', known);
      }
      cursor = next;
    } while (cursor !== '0');
    return { alerts, gapUntil };
  }
}

/** Undefined if it cannot be read: then nothing is known about the alert. */
function parseAlert(text: string): DeadLetteredAlert | undefined {
  const value = parseJson(text);
  if (typeof value !== 'object' || value === null || !('from' in value) || !('later' in value)) return undefined;
  const { from, later } = value;
  if (typeof from !== 'number' || typeof later !== 'object' || later === null) return undefined;
  const delivered = Object.entries(later).flatMap(([action, times]: [string, unknown]): DeliveredSince[] => {
    const [acceptedAt, deliveredAt]: readonly unknown[] = Array.isArray(times) ? [...(times as unknown[])] : [];
    if (typeof acceptedAt !== 'number' || typeof deliveredAt !== 'number') return [];
    return [{ action, acceptedAt, deliveredAt }];
  });
  return { recordedSince: from, delivered };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** By the clock of Redis, which all workers share: `rememberedSince` must not miss what another worker writes. */
const REMEMBER = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[1], now, ARGV[1])
local known = redis.call('HGET', KEYS[2], ARGV[1])
if not known then
  redis.call('HSET', KEYS[2], ARGV[1], cjson.encode({ from = tonumber(ARGV[2]), later = {} }))
end
local function forget(alerts)
  for _, alert in ipairs(alerts) do
    redis.call('ZREM', KEYS[1], alert)
    redis.call('HDEL', KEYS[2], alert)
  end
end
forget(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[3], 'LIMIT', 0, 100))
local excess = redis.call('ZCARD', KEYS[1]) - ARGV[4]
if excess > 0 then forget(redis.call('ZRANGE', KEYS[1], 0, math.min(excess, 100) - 1)) end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
redis.call('PEXPIRE', KEYS[2], ARGV[3])
return 1`;

const RECORD_DELIVERY = `
local known = redis.call('HGET', KEYS[1], ARGV[1])
if not known then return 0 end
local facts = cjson.decode(known)
local before = facts.later[ARGV[2]]
if before and before[1] > tonumber(ARGV[3]) then return 0 end
facts.later[ARGV[2]] = { tonumber(ARGV[3]), tonumber(ARGV[4]) }
redis.call('HSET', KEYS[1], ARGV[1], cjson.encode(facts))
return 1`;
