import { readConfiguration, redisOf, redisVariables } from '@pdaltagent/service';
import { PausedDestinations, StoreError } from '@pdaltagent/store';
import { recordActions } from '../journal/record-actions';
import { withStore } from '../status/redis';
import { CliError, type Terminal } from '../terminal';

export interface ResumeOptions {
  readonly json?: true;
}

/** Resumes a destination that returned 410. @returns 0 */
export async function resume(terminal: Terminal, name: string, { json }: ResumeOptions): Promise<number> {
  const { environment, out } = terminal;
  const redis = redisOf(readConfiguration(redisVariables, environment));
  const found = await withStore(redis, async (store) => {
    if (store.state() === 'refusing')
      throw new CliError(
        `Redis responds, but accepts no writes: ${name} is not resumed (does PDAGENTD_REDIS_URL point to a replica?)`,
      );
    const paused = new PausedDestinations(store);
    const before = await paused.all();
    // Redis reports whether it was paused.
    return { isResumed: await paused.resume(name), others: [...before.keys()].filter((other) => other !== name) };
  }).catch((error: unknown) => {
    if (error instanceof StoreError) return undefined;
    throw error;
  });
  if (found === undefined) {
    throw new CliError(
      'Redis is unreachable (check PDAGENTD_REDIS_URL); `pdaltagent webhooks list` shows what is paused',
    );
  }
  const { isResumed, others } = found;
  if (!isResumed) {
    throw new CliError(
      `${name} is not paused; paused destinations: ${others.length === 0 ? 'none' : others.join(', ')}`,
    );
  }
  if (json) out(`${JSON.stringify({ destination: name, resumed: true, still_paused: others }, null, 2)}\n`);
  else out(`${name} is resumed: its webhooks are sent within seconds, oldest first\n`);
  await recordActions(terminal, (by) => [{ kind: 'destination-resumed', destination: name, by }]);
  return 0;
}
