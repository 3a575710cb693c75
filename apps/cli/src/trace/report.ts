import { alertOf, type HeldReport, laneKey, laneOfMessage } from '@pdaltagent/messaging';
import { maskKey } from '@pdaltagent/service';
import { type LastDelivery } from '@pdaltagent/store';
import { instantOf } from '../duration';
import { recordOf } from '../events/record';
import { type History } from './history';
import { LANE_GROUPS, type LaneGroupName, type LaneAddress, type TraceData, type TraceRequest } from './query';
import { acceptedAtOf } from './message-id';

/** A routing key has 32 letters and digits; names of destinations do not match this. */
const ROUTING_KEY = /^[0-9a-z]{32}$/i;
const QUEUE = /\.lane\.(\d+)(?:\.siding\.(\d+))?$/;

export type Delivered = 'delivered' | 'not remembered' | 'Redis is away' | 'Redis is not configured';

/** The latest delivery of an alert, with its lane group. */
export interface LaneGroupDelivery extends LastDelivery {
  readonly laneGroup: LaneGroupName;
}

/** What Redis has recorded. */
export interface Remembered {
  /** Whether the message with this id was delivered. */
  readonly delivered: Delivered;
  readonly last: readonly LaneGroupDelivery[];
}
export type TraceReport = ReturnType<typeof traceReport>;

/** Everything that is known, as `--json` shows it. */
export function traceReport(
  question: TraceRequest,
  { delivered, last }: Remembered,
  found: TraceData,
  history: History,
) {
  const acceptedAt = acceptedAtOf(question.name);
  const { letters, held, more, lanesWithoutReply } = found;
  const address = found.address ?? addressOf(question);
  return {
    name: question.name,
    found:
      delivered === 'delivered' ||
      last.length > 0 ||
      letters.length > 0 ||
      held.length > 0 ||
      (history.kind === 'read' && history.timelines.length > 0),
    accepted_at: acceptedAt === undefined ? null : instantOf(acceptedAt),
    delivered,
    last_deliveries: last.map(({ laneGroup, id, key, action, acceptedAt: accepted, deliveredAt }) => ({
      id,
      family: laneGroup,
      key,
      action,
      accepted_at: instantOf(accepted),
      delivered_at: instantOf(deliveredAt),
    })),
    held: held.map(({ laneGroup, message }) => heldRecord(laneGroup, message)),
    held_more: more,
    dead_letters: letters,
    lane: address === undefined ? null : laneRecord(address, found),
    lanes_without_answer: lanesWithoutReply,
    waiting: waitingIn(found.states),
    history: historyRecord(history),
  };
}

/** Facts as the journal has them, in order of cause; null if it cannot be read. */
function historyRecord(history: History) {
  if (history.kind === 'unavailable') return { messages: null, problem: history.reason };
  const { timelines, earlier, missing, since } = history;
  return {
    since: since === undefined ? null : instantOf(since),
    earlier,
    missing,
    messages: timelines.map(({ message, facts }) => ({
      ...recordOf(message),
      facts: facts.map(({ fact, source: { service, host } }) => {
        const { at, ...content } = fact.kind === 'unknown' ? { ...fact.content, at: fact.at } : fact;
        return { at: new Date(at).toISOString(), service, host, ...content };
      }),
    })),
  };
}

/** If nothing was found, the lane follows from the request: an event's from its key, a webhook's from destination and incident. */
function addressOf({ name, key }: TraceRequest): LaneAddress | undefined {
  if (key === undefined) return undefined;
  if (ROUTING_KEY.test(key)) return { laneGroup: 'events', routingKey: key, orderKey: undefined };
  if (acceptedAtOf(name) !== undefined) return undefined;
  return { laneGroup: 'webhooks', routingKey: key, orderKey: `${key}:${name}` };
}

function heldRecord(laneGroup: LaneGroupName, message: HeldReport) {
  const [, lane, siding] = QUEUE.exec(message.queue) ?? [];
  const time = (instant: number | undefined) => (instant === undefined ? null : instantOf(instant));
  return {
    id: message.id,
    family: laneGroup,
    key: shownKey(laneGroup, message.routingKey),
    alert: alertOf(message) ?? null,
    accepted_at: instantOf(message.receivedAt),
    lane: lane ?? null,
    siding: siding === undefined ? null : Number(siding),
    state: message.by,
    behind: message.ahead,
    attempts: message.attempts,
    last_outcome: message.lastOutcome ?? null,
    last_attempt_at: time(message.lastAttemptAt),
    next_attempt_at: time(message.nextAttemptAt),
  };
}

function laneRecord({ laneGroup: name, routingKey, orderKey = '' }: LaneAddress, { states, findings }: TraceData) {
  const { laneGroup } = LANE_GROUPS.find((candidate) => candidate.name === name) ?? LANE_GROUPS[0];
  const number = laneOfMessage(laneGroup, { routingKey, orderKey });
  const state = states.get(name)?.lanes[number];
  const sidings = state?.sidings ?? [];
  const parkedKeys = findings.get(laneGroup.exchange)?.parked.get(number) ?? 0;
  return {
    family: name,
    key: shownKey(name, routingKey),
    lane: laneKey(number),
    waiting: state?.queue.waiting ?? 0,
    has_worker: (state?.queue.consumers ?? 0) > 0,
    parked_keys: parkedKeys,
    sidings_in_use: Math.min(parkedKeys, sidings.length),
    waiting_on_sidings: sidings.reduce((sum, { waiting }) => sum + waiting, 0),
  };
}

/** A webhook's "key" is the name of its destination, which is not secret. */
function shownKey(laneGroup: LaneGroupName, key: string): string {
  return laneGroup === 'events' ? maskKey(key) : key;
}

function waitingIn(states: TraceData['states']): number {
  return [...states.values()]
    .flatMap((state) => state?.lanes ?? [])
    .flatMap(({ queue, sidings }) => [queue, ...sidings])
    .reduce((sum, { waiting }) => sum + waiting, 0);
}
