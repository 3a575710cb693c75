import { laneQueue, sidingQueue } from '@pdaltagent/messaging';
import { type AcceptedEvent } from './senders';
import { LANE_GROUP, type World } from './world';

/** Of all lanes and their sidings. */
export function laneQueues(): readonly string[] {
  return LANE_QUEUES;
}

/** The lane's own, then those of its sidings. */
export function laneQueuesOf(lane: number): readonly string[] {
  const sidings = Array.from({ length: LANE_GROUP.sidings }, (_, siding) => sidingQueue(LANE_GROUP, lane, siding));
  return [laneQueue(LANE_GROUP, lane), ...sidings];
}

const LANE_QUEUES = Array.from({ length: LANE_GROUP.lanes }, (_, lane) => laneQueuesOf(lane)).flat();

/** Undefined for another queue. */
export function laneOfQueue(name: string): number | undefined {
  const lanes = Array.from({ length: LANE_GROUP.lanes }, (_, lane) => lane);
  return lanes.find((lane) => laneQueuesOf(lane).includes(name));
}

/** The messages in spools, by id, with where each is. */
export function spooledIn({ gateways }: World): ReadonlyMap<string, string> {
  const places = new Map<string, string>();
  for (const { name, spooledIds } of gateways)
    for (const id of spooledIds) places.set(id ?? 'an unreadable record', `in the spool of ${name}`);
  return places;
}

/** The messages in lanes and sidings, by id, with where each is. */
export function queuedIn({ broker }: World): ReadonlyMap<string, string> {
  const places = new Map<string, string>();
  for (const queue of laneQueues()) {
    for (const id of idsOf(broker.messagesIn(queue))) places.set(id, `in ${queue}`);
    for (const id of idsOf(broker.unacknowledgedIn(queue))) places.set(id, `held by a worker, from ${queue}`);
  }
  return places;
}

/** Ids of the messages that were given up with a reason. */
export function givenUp({ broker, gateways }: World): ReadonlySet<string> {
  return new Set([
    ...idsOf(broker.messagesIn(LANE_GROUP.deadLetters)),
    ...gateways.flatMap(({ volume }) => volume.quarantined.map(({ id }) => id)),
    ...gateways.flatMap(({ quarantinedDamagedIds }) => quarantinedDamagedIds),
  ]);
}

/** Whether an event can be delivered, whichever message it is. */
export function canBeDelivered({ gateways }: World): (accepted: Pick<AcceptedEvent, 'id' | 'event'>) => boolean {
  const damaged = new Set(gateways.flatMap(({ damagedIds }) => damagedIds));
  return ({ id, event: { poison } }) => poison === undefined && !damaged.has(id);
}

export function delivered({ pagerDuty }: World): ReadonlySet<string> {
  return new Set(pagerDuty.processed.map(({ request }) => request.id));
}

function idsOf(messages: ReturnType<World['broker']['messagesIn']>): readonly string[] {
  return messages.map(({ properties }) => String(properties.messageId));
}
