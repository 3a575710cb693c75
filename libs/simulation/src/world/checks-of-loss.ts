import { readRecord } from '@pdaltagent/messaging';
import { bodyOf, type SimulatedEvent } from './event';
import { acceptanceOf } from './evidence';
import { type Check, type Finding } from './oracle';
import { rejectionOf } from './pagerduty-answers';
import { canBeDelivered, delivered, givenUp, queuedIn, spooledIn } from './places';
import { type AcceptedEvent } from './senders';
import { LANE_GROUP, type World } from './world';

/** Ids that are named of each place. */
const NAMED = 5;

/** The id of a message, and where it is. */
type Left = readonly [id: string, place: string];

/** Nothing that was answered with 202 is lost, given up without a reason, or held forever. */
export const CHECKS_OF_LOSS = {
  'everything is drained in time after the faults end': ({ world, drainedAt }) => {
    const left = drainedAt === undefined ? leftOf(world) : [];
    return left.length === 0 ? [] : [described(world, left)];
  },

  'every sender gets its 202, and nothing is under way in the end': ({ world, drainedAt }) =>
    drainedAt !== undefined || leftOf(world).length > 0
      ? []
      : [{ detail: 'a sender waits, or a request, frame or command is under way' }],

  'every message that was answered with 202 is delivered, a dead letter, quarantined or still held': ({ world }) => {
    const kept = new Set([
      ...delivered(world),
      ...givenUp(world),
      ...spooledIn(world).keys(),
      ...queuedIn(world).keys(),
    ]);
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
      // In an alarm the broker dead-letters it itself, without a reason.
      const isByBroker = headers?.dead_reason === undefined && headers?.['x-death'] !== undefined;
      const isRight = event.poison === 'rejected' && (isByBroker || why === `rejected, status ${expected.status}`);
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
} satisfies Readonly<Record<string, Check>>;

/** What is in a lane or a spool, or nowhere although it was answered with 202; with where it is. */
function leftOf(world: World): readonly Left[] {
  const [queued, spooled] = [queuedIn(world), spooledIn(world)];
  const isMissing = ({ id }: AcceptedEvent): boolean => !queued.has(id) && !spooled.has(id);
  return [
    ...spooled,
    ...queued,
    ...undelivered(world)
      .filter(isMissing)
      .map(({ id }): Left => [id, 'nowhere']),
  ];
}

function undelivered(world: World): readonly AcceptedEvent[] {
  const [arrived, canArrive] = [delivered(world), canBeDelivered(world)];
  return world.senders.accepted.filter((accepted) => !arrived.has(accepted.id) && canArrive(accepted));
}

function described(world: World, left: readonly Left[]): Finding {
  const places = new Map<string, string[]>();
  for (const [id, place] of left) places.set(place, [...(places.get(place) ?? []), id]);
  const detail = [...places]
    .map(
      ([place, ids]) => `${ids.length} ${place}: ${ids.slice(0, NAMED).join(', ')}${ids.length > NAMED ? ', …' : ''}`,
    )
    .join('; ');
  const ids = new Map(left);
  const first =
    undelivered(world).find(({ id }) => ids.has(id)) ?? world.senders.accepted.find(({ id }) => ids.has(id));
  if (first === undefined) return { detail };
  const stays = { at: world.scheduler.now, text: `${first.id} is ${ids.get(first.id) ?? 'nowhere'}` };
  return { detail, alert: first.event.alert, messages: [first.id], evidence: [acceptanceOf(first), stays] };
}

function problemOf(id: string, what: string, event: SimulatedEvent | undefined) {
  return { detail: `${id}: ${what}`, messages: [id], ...(event && { alert: event.alert }) };
}

/** What is in the quarantine, by its problem. */
const POISONS: Readonly<Record<string, SimulatedEvent['poison']>> = {
  refused: 'too large',
  unencodable: 'unencodable',
};
