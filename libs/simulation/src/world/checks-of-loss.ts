import { readRecord } from '@pdaltagent/messaging';
import { bodyOf, type SimulatedEvent } from './event';
import { acceptanceOf } from './evidence';
import { type Check } from './oracle';
import { rejectionOf } from './pagerduty-answers';
import { canBeDelivered, delivered, givenUp, waitingIn } from './places';
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
    const canArrive = canBeDelivered(world);
    for (const [id, place] of waiting) add(place, id);
    for (const accepted of world.senders.accepted) {
      const { id } = accepted;
      if (!arrived.has(id) && !waiting.has(id) && canArrive(accepted)) add('nowhere', id);
    }
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

  'a dead letter has the reason for which it cannot be delivered, and is complete': ({ world }) =>
    world.broker.messagesIn(LANE_GROUP.deadLetters).flatMap(({ content, properties: { messageId, headers } }) => {
      const id = String(messageId);
      const event = world.senders.sent.get(id);
      if (event === undefined) return [problemOf(id, 'was not sent', event)];
      const expected = rejectionOf(event);
      const why = `${String(headers?.dead_reason)}, status ${String(headers?.dead_status)}`;
      const isRight = event.poison === 'rejected' && why === `rejected, status ${expected.status}`;
      if (!isRight) return [problemOf(id, why, event)];
      return content.equals(bodyOf(event)) ? [] : [problemOf(id, 'another body', event)];
    }),

  'the quarantine has what the broker does not take, complete, and damaged records': ({ world }) =>
    world.gateways.flatMap(({ volume }) =>
      volume.quarantined.flatMap(({ id, problem, record }) => {
        if (problem === 'damaged')
          return volume.damaged.some(({ after }) => after.equals(record)) ? [] : [{ detail: `${id} is not damaged` }];
        const event = world.senders.sent.get(id);
        if (event?.poison !== POISONS[problem]) return [problemOf(id, problem, event)];
        const read = readRecord(record);
        const isComplete = read.kind === 'message' && event && read.message.body.equals(bodyOf(event));
        return isComplete ? [] : [problemOf(id, 'another body', event)];
      }),
    ),

  'PagerDuty gets each event as it was sent, byte for byte': ({ world }) =>
    world.pagerDuty.processed.flatMap(({ request: { id, event }, body }) => {
      const sent = world.senders.sent.get(id);
      return sent !== undefined && body.equals(bodyOf(sent)) ? [] : [problemOf(id, 'another body', event)];
    }),
};

function problemOf(id: string, what: string, event: SimulatedEvent | undefined) {
  return { detail: `${id}: ${what}`, messages: [id], ...(event && { alert: event.alert }) };
}

/** What is in the quarantine, by its problem. */
const POISONS: Readonly<Record<string, SimulatedEvent['poison']>> = {
  refused: 'too large',
  unencodable: 'unencodable',
};
