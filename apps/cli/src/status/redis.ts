import { delay, SYSTEM_CLOCK } from '@pdaltagent/clock';
import { type ServerAddress } from '@pdaltagent/service';
import { Store } from '@pdaltagent/store';
import { type CheckResult } from './check-result';

const CONNECT_WITHIN_MS = 3_000;
const ADVICE =
  'start Redis, or correct PDAGENTD_REDIS_URL; until then delivery continues, but repeats are not recognized';

const REFUSING =
  'check whether PDAGENTD_REDIS_URL points to a replica, or whether its memory or disk is full; until then no webhooks are ' +
  'queued, and repeats of events are not recognized';

/** Connects for one operation. @returns undefined if Redis cannot be reached in time. Warnings go to `warn`. */
export async function withStore<Result>(
  redis: ServerAddress,
  use: (store: Store) => Promise<Result>,
  warn: (message: string, fields?: Readonly<Record<string, unknown>>) => void = () => undefined,
): Promise<Result | undefined> {
  const log = { info: () => undefined, warn, error: warn };
  const store = new Store({ ...redis, name: 'pdaltagent command', log, timeoutMs: 2_000 });
  const deadline = SYSTEM_CLOCK.monotonic() + CONNECT_WITHIN_MS;
  try {
    store.start();
    while (store.state() === 'unreachable') {
      if (SYSTEM_CLOCK.monotonic() > deadline) return undefined;
      await delay(SYSTEM_CLOCK, 20);
    }
    return await use(store);
  } finally {
    store.close();
  }
}

export async function checkRedis(redis: ServerAddress): Promise<CheckResult> {
  let reason = '';
  const keepReason = (_message: string, fields?: Readonly<Record<string, unknown>>) => {
    reason = typeof fields?.['detail'] === 'string' ? `: ${fields['detail']}` : '';
  };
  try {
    const state = await withStore(redis, (store) => Promise.resolve(store.state()), keepReason);
    switch (state) {
      case 'connected':
        return { subject: 'redis', state: 'fine', detail: 'connected' };
      case 'refusing':
        return { subject: 'redis', state: 'attention', detail: 'responds, but accepts no writes', advice: REFUSING };
      default:
        return { subject: 'redis', state: 'attention', detail: `unreachable${reason}`, advice: ADVICE };
    }
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return { subject: 'redis', state: 'attention', detail, advice: ADVICE };
  }
}
