import { alertOf, EVENTS, type HeldReport, type LaneGroup, WEBHOOKS } from '@pdaltagent/messaging';
import {
  BrokerClient,
  DeadLetterQueue,
  type Findings,
  findMessages,
  laneGroupState,
  type LaneGroupState,
} from '@pdaltagent/operations';
import { type ServerAddress } from '@pdaltagent/service';
import { recordOf } from '../dead-letters/record';

export const LANE_GROUPS = [
  { name: 'events', laneGroup: EVENTS },
  { name: 'webhooks', laneGroup: WEBHOOKS },
] as const;

export type LaneGroupName = (typeof LANE_GROUPS)[number]['name'];

/** What determines the lane of a message. */
export interface LaneAddress {
  readonly laneGroup: LaneGroupName;
  readonly routingKey: string;
  /** Undefined if only the routing key is known, which is enough for an event. */
  readonly orderKey: string | undefined;
}

export interface TraceRequest {
  /** A message id, a dedup key, or a webhook's incident. */
  readonly name: string;
  /** Restricts it to this routing key or destination. */
  readonly key: string | undefined;
}

/** What the broker and the workers report. */
export interface TraceData {
  readonly letters: readonly ReturnType<typeof recordOf>[];
  readonly held: readonly { readonly laneGroup: LaneGroupName; readonly message: HeldReport }[];
  /** Number of further events of the same alert that workers hold. */
  readonly more: number;
  /** Number of lanes whose worker did not reply; it may hold the event. */
  readonly lanesWithoutReply: number;
  readonly states: ReadonlyMap<LaneGroupName, LaneGroupState | undefined>;
  /** What workers replied, by exchange. */
  readonly findings: ReadonlyMap<string, Findings>;
  /** The address of what was found. */
  readonly address: LaneAddress | undefined;
}

/** Searches the dead letters and queries every worker. No message is taken from its queue. @throws BrokerUnavailable */
export async function queryBroker(broker: ServerAddress, question: TraceRequest, now: number): Promise<TraceData> {
  const client = await BrokerClient.open({ ...broker, name: 'pdaltagent trace' });
  try {
    const states = new Map<LaneGroupName, LaneGroupState | undefined>();
    for (const { name, laneGroup } of LANE_GROUPS) states.set(name, await laneGroupState(client, laneGroup));
    const nothing: ReadonlyMap<string, Findings> = new Map();
    const isEnough = (findings: ReadonlyMap<string, Findings>) => countLanesWithoutReply(states, findings) === 0;
    const findings = isEnough(nothing) ? nothing : await findMessages(client, question.name, isEnough);
    const held = LANE_GROUPS.flatMap(({ name, laneGroup }) =>
      (findings.get(laneGroup.exchange)?.held ?? [])
        .filter(({ routingKey }) => question.key === undefined || routingKey === question.key)
        .map((message) => ({ laneGroup: name, message })),
    );
    const dead = await deadLetters(client, question, now);
    const [first] = held;
    return {
      letters: dead.map(({ record }) => record),
      held,
      more: [...findings.values()].reduce((sum, { more }) => sum + more, 0),
      lanesWithoutReply: countLanesWithoutReply(states, findings),
      states,
      findings,
      address: first === undefined ? dead.at(-1)?.address : { laneGroup: first.laneGroup, ...first.message },
    };
  } finally {
    await client.close();
  }
}

async function deadLetters(client: BrokerClient, { name: wanted, key }: TraceRequest, now: number) {
  const found: { readonly record: ReturnType<typeof recordOf>; readonly address: LaneAddress | undefined }[] = [];
  for (const { name, laneGroup } of LANE_GROUPS) {
    const queue = await DeadLetterQueue.open(client, laneGroup);
    await queue.visitAll(({ deadLetter: letter }) => {
      const { message } = letter;
      const isWanted = letter.id === wanted || (message !== undefined && alertOf(message) === wanted);
      if (!isWanted || (key !== undefined && message?.routingKey !== key)) return;
      const address =
        message === undefined
          ? undefined
          : { laneGroup: name, routingKey: message.routingKey, orderKey: message.orderKey };
      found.push({ record: recordOf(name, letter, now), address });
    });
  }
  return found;
}

/** Number of lanes with a consumer that did not reply. */
function countLanesWithoutReply(
  states: ReadonlyMap<LaneGroupName, LaneGroupState | undefined>,
  findings: ReadonlyMap<string, Findings>,
): number {
  const silentOf = (laneGroup: LaneGroup, state: LaneGroupState | undefined) =>
    (state?.lanes ?? []).filter(
      ({ lane, queue }) => queue.consumers > 0 && findings.get(laneGroup.exchange)?.lanes.has(lane) !== true,
    ).length;
  return LANE_GROUPS.reduce((sum, { name, laneGroup }) => sum + silentOf(laneGroup, states.get(name)), 0);
}
