import { type Log } from './log';
import { type Store } from './store';
import { StoreError } from './store-error';

/**
 * Checks once whether Redis keeps its data, and logs a warning if not: without an append-only file a crash loses
 * the latest marks, and with an eviction policy Redis may delete them at any time.
 */
export async function warnIfNotDurable(store: Store, log: Log): Promise<void> {
  try {
    const settings = await store.run(async (redis) => {
      const [appendOnly, policy] = await Promise.all([
        redis.config('GET', 'appendonly'),
        redis.config('GET', 'maxmemory-policy'),
      ]);
      return { appendOnly: valueOf(appendOnly), policy: valueOf(policy) };
    });
    if (settings.appendOnly !== 'yes')
      log.warn('Redis runs without appendonly yes: webhooks may be repeated after a crash of Redis');
    if (settings.policy !== 'noeviction')
      log.warn('Redis may evict keys: set maxmemory-policy noeviction, or webhooks may be repeated', settings);
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    // A managed Redis may not allow reading its settings.
    if (error.code === 'refused') log.info('the Redis settings cannot be read', { detail: error.message });
  }
}

function valueOf(reply: unknown): string | undefined {
  const value: unknown = Array.isArray(reply) ? reply[1] : undefined;
  return typeof value === 'string' ? value : undefined;
}
