import { type Clock, SYSTEM_CLOCK } from '@pdaltagent/clock';
import { type Store } from './store';
import { StoreError } from './store-error';

/**
 * The earlier of this host's time and Redis's, in milliseconds since 1970, for what must not happen too early because one clock is
 * fast; undefined while Redis is unreachable.
 */
export async function agreedTime(
  store: Pick<Store, 'run'>,
  clock: Pick<Clock, 'wall'> = SYSTEM_CLOCK,
): Promise<number | undefined> {
  try {
    const [seconds] = await store.run((redis) => redis.time());
    return Math.min(clock.wall(), Number(seconds) * 1000);
  } catch (error) {
    if (error instanceof StoreError) return undefined;
    throw error;
  }
}
