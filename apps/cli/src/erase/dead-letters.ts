import { type DeadLetter } from '@pdaltagent/messaging';
import {
  BrokerUnavailable,
  DeadLetterQueueBusy,
  discardMatching,
  type Erased,
  type Matches,
} from '@pdaltagent/operations';
import { type NamedQueue } from '../dead-letters/queues';

/** Erases matching dead letters, or only counts them. */
export async function eraseDeadLetters(
  queues: readonly NamedQueue[],
  matches: Matches,
  isDryRun: boolean,
): Promise<Erased> {
  let found = 0;
  let erased = 0;
  const problems: string[] = [];
  const isMatch = ({ body, message, response }: DeadLetter): boolean => matches({ body, message, response });
  for (const { name, queue } of queues) {
    try {
      if (isDryRun) {
        await queue.visitAll(({ deadLetter }) => {
          if (isMatch(deadLetter)) found += 1;
        });
        continue;
      }
      const { discarded, left } = await discardMatching(queue, isMatch);
      found += discarded + left.length;
      erased += discarded;
      if (left.length > 0) problems.push(`${left.length} dead letters (${name}) are still there: erase again`);
    } catch (error) {
      if (!(error instanceof BrokerUnavailable) && !(error instanceof DeadLetterQueueBusy)) throw error;
      problems.push(`dead letters (${name}) were not searched to the end, erase again: ${error.message}`);
    }
  }
  return { found, erased, problems };
}
