import { type SimulatedEvent } from './event';
import { acceptanceOf, evidenceOf } from './evidence';
import { type Check } from './oracle';
import { canBeDelivered, delivered } from './places';
import { type EventRequest } from './requests';

/** PagerDuty processes the events of an alert in the order in which they were sent, except for the documented limits. */
export const CHECKS_OF_ORDER = {
  'a request starts only once the one before it of its alert has ended': ({ world }) =>
    world.pagerDuty.requests.all.flatMap((request) =>
      request.overlapped
        .filter((other) => request.earlier.get(other) === undefined)
        .map((other) => problemOf(request, other, `sent by ${request.process.name} during ${named(other)}`)),
    ),

  'a worker sends no message again of which it can know that it was delivered': ({ world }) =>
    world.pagerDuty.requests.all.flatMap((request) =>
      request.known.map((other) =>
        problemOf(request, other, `sent by ${request.process.name} after its delivery by ${other.process.name}`),
      ),
    ),

  'a message is processed again only for a documented reason': ({ arrivals }) =>
    arrivals.flatMap(({ request, repeat }) =>
      repeat === undefined || repeat.limit !== undefined
        ? []
        : [problemOf(request, repeat.after, `processed again by ${request.process.name} after ${named(repeat.after)}`)],
    ),

  'an event is processed after a later one of its alert only for a documented reason': ({ arrivals }) =>
    arrivals.flatMap(({ request, late }) =>
      late === undefined || late.limit !== undefined
        ? []
        : [
            problemOf(
              request,
              late.after,
              `${request.event.action} processed after ${late.after.event.action} ${named(late.after)}`,
            ),
          ],
    ),

  "each alert ends in its sender's last state": ({ world, arrivals, drainedAt }) => {
    if (drainedAt === undefined) return [];
    const [canArrive, processed] = [canBeDelivered(world), delivered(world)];
    const sent = lastOf(world.senders.accepted.filter((event) => canArrive(event) || processed.has(event.id)));
    const arrived = lastOf(arrivals.filter(({ late }) => late?.limit === undefined).map(({ request }) => request));
    return [...sent].flatMap(([alert, accepted]) => {
      const request = arrived.get(alert);
      const { action } = accepted.event;
      if (request?.event.action === action) return [];
      return [
        {
          detail: `${alert} is ${request?.event.action ?? 'unknown'}, its sender's last was ${action}`,
          alert,
          messages: [accepted.id, ...(request === undefined ? [] : [request.id])],
          evidence: [acceptanceOf(accepted), ...(request === undefined ? [] : evidenceOf(request))],
        },
      ];
    });
  },
} satisfies Readonly<Record<string, Check>>;

function named({ id, process }: EventRequest): string {
  return `${id} of ${process.name}`;
}

/** @param other the request with which it conflicts */
function problemOf(request: EventRequest, other: EventRequest, what: string) {
  const {
    id,
    event: { alert },
  } = request;
  const messages = [other.id, id];
  return { detail: `${id}: ${what}`, alert, messages, evidence: [...evidenceOf(other), ...evidenceOf(request)] };
}

/** By alert: the last one that sets its state. */
function lastOf<Item extends { readonly event: SimulatedEvent }>(items: readonly Item[]): ReadonlyMap<string, Item> {
  return new Map(
    items.filter(({ event: { action } }) => action !== 'acknowledge').map((item) => [item.event.alert, item]),
  );
}
