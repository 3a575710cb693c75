import { laneQueue, sidingQueue } from '@pdaltagent/messaging';
import { type AcceptedEvent } from './senders';
import { LANE_GROUP, type World } from './world';

export function laneQueues(): readonly string[] {
  return Array.from({ length: LANE_GROUP.lanes }, (_, lane) => [
    laneQueue(LANE_GROUP, lane),
    ...Array.from({ length: LANE_GROUP.sidings }, (_unused, siding) => sidingQueue(LANE_GROUP, lane, siding)),
  ]).flat();
}

/** Where messages wait to be delivered, by id. */
export function waitingIn({ broker, gateways }: World): ReadonlyMap<string, string> {
  const places = new Map<string, string>();
  for (const { name, spooledIds } of gateways)
    for (const id of spooledIds) places.set(id ?? 'an unreadable record', `in the spool of ${name}`);
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
