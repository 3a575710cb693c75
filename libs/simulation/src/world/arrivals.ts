import { type Limit, LIMITS } from './limits';
import { type EventRequest } from './requests';

/** A message that PagerDuty has processed, compared with what it had processed of its alert before. */
export interface Arrival {
  readonly request: EventRequest;
  /** Why it may be a repeat; undefined if it is none. */
  readonly repeat: Explanation | undefined;
  /** Why it may come after a later event; undefined if it does not. */
  readonly late: Explanation | undefined;
}

export interface Explanation {
  /** The request that came before. */
  readonly after: EventRequest;
  /** Undefined if nothing permits it. */
  readonly limit: Limit | undefined;
}

/** Judges each arrival at PagerDuty, in their order. */
export function judge(processed: readonly EventRequest[]): readonly Arrival[] {
  const alerts = new Map<string, EventRequest[]>();
  return processed.map((request) => {
    const before = alerts.get(request.event.alert) ?? [];
    alerts.set(request.event.alert, before);
    const arrival = { request, repeat: explainRepeat(request, before), late: explainLate(request, before) };
    before.push(request);
    return arrival;
  });
}

/** Of two requests with the same message, that which was sent later had to have a reason. */
function explainRepeat(request: EventRequest, before: readonly EventRequest[]): Explanation | undefined {
  const explanations = before
    .filter(({ id }) => id === request.id)
    .map((after) => ({ after, limit: limitBetween(request, after) }));
  return explanations.find(({ limit }) => limit === undefined) ?? explanations[0];
}

/** Messages with the same event, which its sender sent again because it got no 202, may arrive in any order. */
function explainLate(request: EventRequest, before: readonly EventRequest[]): Explanation | undefined {
  const [after] = before
    .filter(({ event }) => event.index > request.event.index)
    .sort((left, right) => left.number - right.number);
  if (after === undefined) return undefined;
  const same = before.filter(({ id }) => id === request.id);
  // Nothing permits that a message first arrives after a later one.
  if (same.length === 0) return { after, limit: undefined };
  // Sent in order, it was still in flight when the later one was sent.
  if (request.number < after.number) return { after, limit: permitting('late arrival', [after.earlier.get(request)]) };
  return {
    after,
    limit: permitting(
      'late repeat',
      same.map((other) => limitBetween(request, other)),
    ),
  };
}

function limitBetween(one: EventRequest, other: EventRequest): Limit | undefined {
  return one.number > other.number ? one.earlier.get(other) : other.earlier.get(one);
}

function permitting(what: 'late arrival' | 'late repeat', limits: readonly (Limit | undefined)[]): Limit | undefined {
  return limits.find((limit) => limit !== undefined && LIMITS[limit].permits === what);
}
