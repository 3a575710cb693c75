import { laneQueue, sidingQueue } from '@pdaltagent/messaging';
import { nameOf, nameOfMessage, type SimulatedEvent } from './event';
import { type Fault, type FaultKind, KEY_FAULTS } from './faults';
import { type Processed } from './simulated-pagerduty';
import { KEYS, LANE_GROUP, type World } from './world';

/** What a seed has done by the end. */
export interface Outcome {
  readonly world: World;
  readonly faults: readonly Fault[];
  /** When everything was drained; undefined if it was not in time. */
  readonly drainedAt: number | undefined;
}

export interface Problem {
  readonly check: string;
  readonly detail: string;
  /** The alert that it concerns. */
  readonly alert?: string;
}

/** Everything must be drained this long after the last fault has ended and the last event was accepted; ms. */
export const DRAIN_MS = 300_000;
/** How much longer an event of an unrelated key may take if other keys make no progress; ms. */
const UNRELATED_DELAY_MS = 20_000;
/** Events of the scheduler per simulated second, on average: an idle world has about 300. */
const STEPS_PER_SECOND = 6_000;
const CONNECTS_PER_SECOND = 20;
const REQUESTS_PER_EVENT = 40;

/**
 * The documented limits of order (docs/architecture.md, "Known limits"): with these faults a delivered event may be
 * delivered again later.
 */
const REDIS_FAULTS: ReadonlySet<FaultKind> = new Set(['Redis is lost', 'Redis is read-only', 'Redis fails over']);

type Check = (outcome: Outcome) => readonly Omit<Problem, 'check'>[];

/** What must hold for every seed. */
const CHECKS: Readonly<Record<string, Check>> = {
  'everything is drained in time after the faults end': ({ world, drainedAt }) => {
    if (drainedAt !== undefined) return [];
    const queues = laneQueues().flatMap((name) => {
      const held = world.broker.messagesIn(name).length;
      return held === 0 ? [] : [`${held} in ${name}`];
    });
    const spools = world.gateways.flatMap(({ name, spooled }) =>
      spooled === 0 ? [] : [`${spooled} in the spool of ${name}`],
    );
    return [{ detail: [...queues, ...spools, 'or not delivered'].join(', ') }];
  },

  'every event that was answered with 202 is delivered, a dead letter, quarantined or still held': ({ world }) => {
    const kept = new Set([
      ...world.pagerDuty.processed.map(({ event }) => nameOf(event)),
      ...[...laneQueues(), LANE_GROUP.deadLetters].flatMap((queue) =>
        world.broker.messagesIn(queue).map(({ properties }) => nameOfMessage(String(properties.messageId))),
      ),
      ...world.gateways.flatMap(({ volume }) => [...volume.quarantined].map(nameOfMessage)),
    ]);
    const isSpooled = world.gateways.some(({ spooled }) => spooled > 0);
    return [...world.senders.accepted.values()].flatMap(({ event }) =>
      kept.has(nameOf(event)) || isSpooled ? [] : [{ detail: `${nameOf(event)} is lost`, alert: event.alert }],
    );
  },

  'a dead letter has a reason': ({ world }) =>
    world.broker
      .messagesIn(LANE_GROUP.deadLetters)
      .flatMap(({ properties: { messageId, headers } }) =>
        headers !== undefined && 'dead_reason' in headers ? [] : [{ detail: `${String(messageId)} has none` }],
      ),

  'only events that cannot be delivered become dead letters or are quarantined': ({ world }) =>
    [
      ...world.broker.messagesIn(LANE_GROUP.deadLetters).map(({ properties }) => String(properties.messageId)),
      ...world.gateways.flatMap(({ volume }) => [...volume.quarantined]),
    ].flatMap((id) => {
      const event = world.senders.accepted.get(nameOfMessage(id))?.event;
      return event === undefined || event.poison !== undefined ? [] : [{ detail: id, alert: event.alert }];
    }),

  'events of an alert first arrive in the order in which they were accepted': (outcome) =>
    alertsOf(outcome).flatMap(([alert, processed]) => {
      let newest = -1;
      const seen = new Set<number>();
      return processed.flatMap(({ event: { index } }) => {
        const isFirst = !seen.has(index);
        seen.add(index);
        const isLate = isFirst && index < newest;
        newest = Math.max(newest, index);
        return isLate ? [{ detail: `${alert}/${index} arrived after ${alert}/${newest}`, alert }] : [];
      });
    }),

  'no trigger is processed after a later resolve': (outcome) =>
    alertsOf(outcome).flatMap(([alert, processed]) => {
      let resolved = -1;
      return processed.flatMap(({ event: { action, index } }) => {
        if (action === 'resolve') resolved = Math.max(resolved, index);
        return action === 'trigger' && index < resolved
          ? [{ detail: `trigger ${alert}/${index} after resolve ${alert}/${resolved}`, alert }]
          : [];
      });
    }),

  "each alert ends in its sender's last state": (outcome) => {
    const { drainedAt, world } = outcome;
    if (drainedAt === undefined) return [];
    return alertsOf(outcome).flatMap(([alert, processed]) => {
      const sent = lastState(
        [...world.senders.accepted.values()].map(({ event }) => event).filter((event) => event.alert === alert),
      );
      const arrived = lastState(processed.map(({ event }) => event));
      return sent === undefined || arrived?.action === sent.action
        ? []
        : [{ detail: `${alert} is ${arrived?.action ?? 'unknown'}, its sender's last was ${sent.action}`, alert }];
    });
  },

  'keys that make no progress do not delay the others': ({ world, faults }) => {
    if (faults.some(({ kind }) => !KEY_FAULTS.includes(kind)) || world.pagerDuty.rate !== Infinity) return [];
    const affectedKeys = new Set(faults.map(({ target }) => KEYS[Math.floor(target * KEYS.length)]));
    const arrivals = new Map<string, number>();
    for (const { event, at } of world.pagerDuty.processed)
      if (!arrivals.has(nameOf(event))) arrivals.set(nameOf(event), at);
    return [...world.senders.accepted.values()].flatMap(({ event, at }) => {
      const delay = (arrivals.get(nameOf(event)) ?? at) - at;
      return affectedKeys.has(event.routingKey) || delay <= UNRELATED_DELAY_MS
        ? []
        : [{ detail: `${nameOf(event)} took ${Math.round(delay)} ms`, alert: event.alert }];
    });
  },

  'nothing loops': ({ world }) => {
    const seconds = world.scheduler.now / 1_000;
    const rates: readonly (readonly [string, number, number])[] = [
      ['steps per second', world.scheduler.steps / seconds, STEPS_PER_SECOND],
      ['connection attempts per second', world.network.attempts / seconds, CONNECTS_PER_SECOND],
      ['requests per event', world.pagerDuty.requests / Math.max(1, world.senders.accepted.size), REQUESTS_PER_EVENT],
    ];
    return rates.flatMap(([what, rate, most]) =>
      rate <= most ? [] : [{ detail: `${rate.toFixed(1)} ${what}, not ${most}` }],
    );
  },
};

/** What does not hold. */
export function problemsIn(outcome: Outcome): readonly Problem[] {
  return Object.entries(CHECKS).flatMap(([check, run]) => run(outcome).map((problem) => ({ check, ...problem })));
}

export function laneQueues(): readonly string[] {
  return Array.from({ length: LANE_GROUP.lanes }, (_, lane) => [
    laneQueue(LANE_GROUP, lane),
    ...Array.from({ length: LANE_GROUP.sidings }, (_unused, siding) => sidingQueue(LANE_GROUP, lane, siding)),
  ]).flat();
}

/** What PagerDuty processed of each alert to which no documented limit of order applies. */
function alertsOf({ world, faults }: Outcome): readonly (readonly [alert: string, processed: readonly Processed[]])[] {
  if (faults.some(({ kind }) => REDIS_FAULTS.has(kind))) return [];
  const alerts = new Map<string, Processed[]>();
  for (const each of world.pagerDuty.processed) {
    const known = alerts.get(each.event.alert) ?? [];
    known.push(each);
    alerts.set(each.event.alert, known);
  }
  return [...alerts].filter(([, processed]) => processed.every(({ limit }) => limit === undefined));
}

/** The last event that sets the state of an alert and can be delivered. */
function lastState(events: readonly SimulatedEvent[]): SimulatedEvent | undefined {
  return events.findLast(({ action, poison }) => poison === undefined && action !== 'acknowledge');
}
