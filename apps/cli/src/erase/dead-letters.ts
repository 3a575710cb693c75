import { AccessRefused, type DeadLetter } from '@pdaltagent/messaging';
import { discardMatching, type Erased, type Matches } from '@pdaltagent/operations';
import { type LaneGroupOptions, type NamedQueue, withDeadLetterQueues } from '../dead-letters/queues';
import { recordActions } from '../journal/record-actions';
import { reasonOf } from '../quarantine/folder';
import { type Terminal } from '../terminal';
import { type PlaceResult } from './place';

const LANE_GROUPS: readonly (readonly [name: NamedQueue['name'], LaneGroupOptions])[] = [
  ['events', { events: true }],
  ['webhooks', { webhooks: true }],
];

/** Erases matching dead letters, or only counts them. */
export async function eraseDeadLetters(terminal: Terminal, matches: Matches, isDryRun: boolean): Promise<PlaceResult> {
  const results: PlaceResult[] = [];
  for (const [name, laneGroup] of LANE_GROUPS)
    results.push(await eraseQueue(terminal, name, laneGroup, matches, isDryRun));
  const sum = (count: (result: Erased) => number): number => results.reduce((total, one) => total + count(one), 0);
  return {
    found: sum(({ found }) => found),
    erased: sum(({ erased }) => erased),
    problems: results.flatMap(({ problems }) => problems),
    isElsewhere: results.some(({ isElsewhere }) => isElsewhere),
  };
}

async function eraseQueue(
  terminal: Terminal,
  name: NamedQueue['name'],
  laneGroup: LaneGroupOptions,
  matches: Matches,
  isDryRun: boolean,
): Promise<PlaceResult> {
  let found = 0;
  const isMatch = ({ body, message, response }: DeadLetter): boolean => matches({ body, message, response });
  try {
    return await withDeadLetterQueues(terminal, laneGroup, async ([named]) => {
      if (named === undefined) return { found, erased: 0, problems: [] };
      if (isDryRun) {
        await named.queue.visitAll(({ deadLetter }) => {
          if (isMatch(deadLetter)) found += 1;
        });
        return { found, erased: 0, problems: [] };
      }
      const { discarded, gone, left } = await discardMatching(named.queue, isMatch, (count) => (found = count));
      await recordActions(terminal, (by) =>
        gone.map((id) => ({ kind: 'discarded', group: name, id, from: 'dead letters', by, why: 'erased' })),
      );
      const problems = left.length === 0 ? [] : [`${left.length} dead letters (${name}) are still there: erase again`];
      return { found: discarded + left.length, erased: discarded, problems };
    });
  } catch (error) {
    if (error instanceof AccessRefused) {
      const { user, permission, object, virtualHost } = error;
      const refusal = `user '${user}' of RabbitMQ may not ${permission} the ${object} in the virtual host '${virtualHost}'`;
      return {
        found,
        erased: 0,
        problems: [`dead letters (${name}) were not searched: ${refusal}`],
        isElsewhere: true,
      };
    }
    const problem =
      found > 0 && !isDryRun
        ? `whether the dead letters (${name}) that were found are gone could not be checked, erase again`
        : `dead letters (${name}) were not searched to the end, erase again`;
    return { found, erased: 0, problems: [`${problem}: ${reasonOf(error)}`] };
  }
}
