import { type FactGroup } from '@pdaltagent/journal';
import {
  BrokerClient,
  DeadLetterQueue,
  findHeldIds,
  laneGroupState,
  type LaneGroupState,
} from '@pdaltagent/operations';
import { type ServerAddress } from '@pdaltagent/service';
import { spooledIds } from '../erase/spool';
import { type Terminal } from '../terminal';
import { LANE_GROUPS } from '../trace/query';
import { type OpenMessage } from './accounts';
import { type Observed, place, type Placement } from './placement';

/** Workers are not asked for more messages than this in one survey. */
const MOST_ASKED = 5_000;

export interface Survey {
  readonly placement: Placement;
  /** Number of lanes whose worker did not reply: it may hold what is unaccounted. */
  readonly lanesWithoutReply: number;
}

/** Looks for messages where they may be. No message is taken from its queue. @throws BrokerUnavailable, AccessRefused */
export async function survey(
  terminal: Pick<Terminal, 'environment' | 'now'>,
  broker: ServerAddress,
  open: readonly OpenMessage[],
): Promise<Survey> {
  const client = await BrokerClient.open({ ...broker, name: 'pdaltagent audit' });
  try {
    const deadLetters = await deadLettersOf(client, open);
    const states = new Map<FactGroup, LaneGroupState | undefined>();
    for (const { name, laneGroup } of LANE_GROUPS) states.set(name, await laneGroupState(client, laneGroup));
    const nothing: ReadonlySet<string> = new Set();
    const observed: Observed = {
      deadLetters,
      held: nothing,
      spooled: nothing,
      ready: { events: readyIn(states.get('events')), webhooks: readyIn(states.get('webhooks')) },
      now: terminal.now(),
    };
    const first = place(open, observed);
    if (first.doubtful.length === 0) return { placement: first, lanesWithoutReply: 0 };
    const ids = first.doubtful.slice(0, MOST_ASKED).map(({ id }) => id);
    const { held, lanesWithoutReply } = await findHeldIds(client, ids, lanesWithWorkers(states));
    const second = place(open, { ...observed, held });
    const left = second.doubtful.slice(0, MOST_ASKED).map(({ id }) => id);
    const spooled = await spooledIds(terminal, left);
    const placement = spooled.size === 0 ? second : place(open, { ...observed, held, spooled });
    return { placement, lanesWithoutReply };
  } finally {
    await client.close();
  }
}

async function deadLettersOf(client: BrokerClient, open: readonly OpenMessage[]): Promise<ReadonlySet<string>> {
  const found: string[] = [];
  for (const { name, laneGroup } of LANE_GROUPS) {
    const ids = new Set(open.filter(({ group }) => group === name).map(({ id }) => id));
    if (ids.size === 0) continue;
    const queue = await DeadLetterQueue.open(client, laneGroup);
    found.push(...(await queue.find(ids)));
  }
  return new Set(found);
}

function readyIn(state: LaneGroupState | undefined): number[] {
  return (state?.lanes ?? []).map(({ queue, sidings }) =>
    [queue, ...sidings].reduce((sum, { waiting }) => sum + waiting, 0),
  );
}

function lanesWithWorkers(states: ReadonlyMap<FactGroup, LaneGroupState | undefined>) {
  return new Map(
    LANE_GROUPS.map(({ name, laneGroup }) => [
      laneGroup.exchange,
      (states.get(name)?.lanes ?? []).flatMap(({ lane, queue }) => (queue.consumers > 0 ? [lane] : [])),
    ]),
  );
}
