import { type ServerAddress } from '@pdaltagent/service';
import { instantOf } from '../duration';
import { pausedIn } from '../webhooks/list';
import { type CheckResult } from './check-result';

/** One result per paused destination; none if Redis is unreachable. */
export async function checkPausedDestinations(redis: ServerAddress): Promise<CheckResult[]> {
  const paused = (await pausedIn(redis)) ?? new Map<string, number>();
  return [...paused].map(([name, at]) => ({
    subject: 'webhooks',
    state: 'attention',
    detail: `${name} has been paused since ${instantOf(at)}, when it answered 410; its webhooks are held`,
    advice: `if it should receive webhooks again: pdaltagent webhooks resume ${name}`,
  }));
}
