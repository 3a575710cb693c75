import { acceptanceOf } from './evidence';
import { type Check } from './oracle';
import { delivered, givenUp, waitingIn } from './places';
import { LANE_GROUP } from './world';

/** Ids that are named of each place. */
const NAMED = 5;

/** Nothing that was answered with 202 is lost, given up without a reason, or held forever. */
export const CHECKS_OF_LOSS: Readonly<Record<string, Check>> = {
  'everything is drained in time after the faults end': ({ world, drainedAt }) => {
    if (drainedAt !== undefined) return [];
    const arrived = delivered(world);
    const places = new Map<string, string[]>();
    const add = (place: string, id: string): void => void places.set(place, [...(places.get(place) ?? []), id]);
    const waiting = waitingIn(world);
    for (const [id, place] of waiting) add(place, id);
    for (const { id, event } of world.senders.accepted)
      if (event.poison === undefined && !arrived.has(id) && !waiting.has(id)) add('nowhere', id);
    const described = [...places].map(
      ([place, ids]) => `${ids.length} ${place}: ${ids.slice(0, NAMED).join(', ')}${ids.length > NAMED ? ', …' : ''}`,
    );
    const left = world.senders.accepted.find(({ id, event }) => event.poison === undefined && !arrived.has(id));
    return [
      {
        detail: described.join('; ') || 'a sender waits for its 202',
        ...(left && {
          alert: left.event.alert,
          messages: [left.id],
          evidence: [
            acceptanceOf(left),
            { at: world.scheduler.now, text: `${left.id} is ${waiting.get(left.id) ?? 'nowhere'}` },
          ],
        }),
      },
    ];
  },

  'every message that was answered with 202 is delivered, a dead letter, quarantined or still held': ({ world }) => {
    const kept = new Set([...delivered(world), ...givenUp(world), ...waitingIn(world).keys()]);
    return world.senders.accepted.flatMap((accepted) => {
      const { id, event } = accepted;
      if (kept.has(id)) return [];
      const nowhere = { at: world.scheduler.now, text: `${id} is nowhere, and PagerDuty has not processed it` };
      return [
        { detail: `${id} is lost`, alert: event.alert, messages: [id], evidence: [acceptanceOf(accepted), nowhere] },
      ];
    });
  },

  'a dead letter has a reason': ({ world }) =>
    world.broker
      .messagesIn(LANE_GROUP.deadLetters)
      .flatMap(({ properties: { messageId, headers } }) =>
        headers !== undefined && 'dead_reason' in headers ? [] : [{ detail: `${String(messageId)} has none` }],
      ),

  'only events that cannot be delivered become dead letters or are quarantined': ({ world }) =>
    [...givenUp(world)].flatMap((id) => {
      const event = world.senders.sent.get(id);
      return event?.poison === undefined ? [{ detail: id, messages: [id], ...(event && { alert: event.alert }) }] : [];
    }),
};
