import { type SimulatedEvent } from './event';
import { type Check } from './oracle';
import { type EventRequest } from './requests';

/** PagerDuty processes the events of an alert in the order in which they were sent, except for the documented limits. */
export const CHECKS_OF_ORDER: Readonly<Record<string, Check>> = {
  'a request starts only once the one before it of its alert has ended': ({ world }) =>
    world.pagerDuty.requests.all.flatMap((request) =>
      request.overlapped
        .filter((other) => request.earlier.get(other) === undefined)
        .map((other) => problemOf(request, `sent by ${request.process.name} during ${named(other)}`)),
    ),

  'a message is processed again only for a documented reason': ({ arrivals }) =>
    arrivals.flatMap(({ request, repeat }) =>
      repeat === undefined || repeat.limit !== undefined
        ? []
        : [problemOf(request, `processed again by ${request.process.name} after ${named(repeat.after)}`)],
    ),

  'an event is processed after a later one of its alert only for a documented reason': ({ arrivals }) =>
    arrivals.flatMap(({ request, late }) =>
      late === undefined || late.limit !== undefined
        ? []
        : [
            problemOf(
              request,
              `${request.event.action} processed after ${late.after.event.action} ${named(late.after)}`,
            ),
          ],
    ),

  "each alert ends in its sender's last state": ({ world, arrivals, drainedAt }) => {
    if (drainedAt === undefined) return [];
    const sent = lastStates(world.senders.accepted.map(({ event }) => event));
    const arrived = lastStates(arrivals.filter(({ late }) => late === undefined).map(({ request }) => request.event));
    return [...sent].flatMap(([alert, action]) =>
      arrived.get(alert) === action
        ? []
        : [{ detail: `${alert} is ${arrived.get(alert) ?? 'unknown'}, its sender's last was ${action}`, alert }],
    );
  },
};

function named({ id, process }: EventRequest): string {
  return `${id} of ${process.name}`;
}

function problemOf({ id, event: { alert } }: EventRequest, what: string) {
  return { detail: `${id}: ${what}`, alert };
}

/** By alert: the last action that sets its state and can be delivered. */
function lastStates(events: readonly SimulatedEvent[]): ReadonlyMap<string, string> {
  return new Map(
    events
      .filter(({ action, poison }) => poison === undefined && action !== 'acknowledge')
      .map(({ alert, action }) => [alert, action]),
  );
}
