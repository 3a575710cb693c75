import { readConfiguration, redisVariables } from '@pdaltagent/service';
import { PausedDestinations, StoreError } from '@pdaltagent/store';
import { withStore } from '../status/redis';
import { Failure, type Terminal } from '../terminal';

/** Lets a destination that answered 410 have its webhooks again. @returns 0 */
export async function resume({ environment, out }: Terminal, name: string): Promise<number> {
  const { redisUrl } = readConfiguration(redisVariables, environment);
  const found = await withStore(redisUrl, async (store) => {
    const paused = new PausedDestinations(store);
    const before = await paused.all();
    // Redis's own answer: it was paused until now.
    return { isResumed: await paused.resume(name), others: [...before.keys()].filter((other) => other !== name) };
  }).catch((error: unknown) => {
    if (error instanceof StoreError) return undefined;
    throw error;
  });
  if (found === undefined) {
    throw new Failure(
      'Redis is away (PDAGENTD_REDIS_URL says where it is): once it is back, `pdaltagent webhooks list` tells what is paused',
    );
  }
  const { isResumed, others } = found;
  if (!isResumed) {
    throw new Failure(`${name} is not paused; paused are: ${others.length === 0 ? 'none' : others.join(', ')}`);
  }
  out(`${name} is resumed: the senders go on within seconds, with the oldest webhook first\n`);
  return 0;
}
