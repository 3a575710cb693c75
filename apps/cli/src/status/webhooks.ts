import { instantOf } from '../duration';
import { pausedIn } from '../webhooks/list';
import { type CheckResult } from './check-result';

/** One for each destination that is paused; none where there is none, or where Redis cannot be asked. */
export async function checkPausedDestinations(redisUrl: string): Promise<CheckResult[]> {
  const paused = (await pausedIn(redisUrl)) ?? new Map<string, number>();
  return [...paused].map(([name, at]) => ({
    subject: 'webhooks',
    state: 'attention',
    detail: `${name} is paused since ${instantOf(at)}, when it answered 410; what is for it is held`,
    advice: `look whether it is to have webhooks again, then: pdaltagent webhooks resume ${name}`,
  }));
}
