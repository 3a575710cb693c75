import { laneOf } from '@pdaltagent/messaging';
import { type Observation } from '../broker/observation';
import { type Fault } from './faults';
import { laneOfQueue, laneQueuesOf } from './places';
import { keyOf } from './targets';
import { LANE_GROUP, type World } from './world';

const ANOTHER_CONSUMER = 'another client has the single active consumer';

/** How a fault of the product comes about: what a run must contain before the fault explains anything. */
export type MechanismName =
  | Exclude<Observation['what'], typeof ANOTHER_CONSUMER>
  | 'a key is slow'
  | 'an alarm is on at the end, and a lane has messages to move or to bury'
  | 'all that is left of a lane is in sidings that nobody consumes'
  | 'a siding is consumed by another worker than its lane';

export interface Mechanism {
  readonly what: MechanismName;
  /** When it began, or was found; ms. */
  readonly at: number;
  /** The lane that it concerns; undefined for all. */
  readonly lane: number | undefined;
}

/** What a run contained. @param isDrained whether nothing is left */
export function mechanismsOf(world: World, faults: readonly Fault[], isDrained: boolean): readonly Mechanism[] {
  const { broker, scheduler } = world;
  const observed = broker.observations.flatMap(({ what, at, queue }): readonly Mechanism[] =>
    what === ANOTHER_CONSUMER ? [] : [{ what, at, lane: laneOfQueue(queue) }],
  );
  const slow = faults.flatMap((fault): readonly Mechanism[] => {
    const { kind, at } = fault;
    return kind === 'a key is slow' ? [{ what: kind, at, lane: laneOf(LANE_GROUP, keyOf(scheduler.seed, fault)) }] : [];
  });
  return [...observed, ...dividedLanes(broker.observations), ...slow, ...(isDrained ? [] : leftBehind(world))];
}

/** When a worker got a siding while another one had its lane. */
function dividedLanes(observations: readonly Observation[]): readonly Mechanism[] {
  const clients = new Map<string, string | undefined>();
  return observations.flatMap(({ what, at, queue, client }): readonly Mechanism[] => {
    const lane = laneOfQueue(queue);
    if (what !== ANOTHER_CONSUMER || lane === undefined) return [];
    clients.set(queue, client);
    const [owner] = laneQueuesOf(lane).map((name) => clients.get(name));
    if (client === undefined || owner === undefined || client === owner) return [];
    return [{ what: 'a siding is consumed by another worker than its lane', at, lane }];
  });
}

/** How the broker was left. */
function leftBehind(world: World): readonly Mechanism[] {
  const { broker, scheduler } = world;
  const { now: at } = scheduler;
  const found: Mechanism[] = [];
  if (broker.isAlarmed && lanes().some((lane) => needsToPublish(world, lane)))
    found.push({ what: 'an alarm is on at the end, and a lane has messages to move or to bury', at, lane: undefined });
  for (const lane of lanes()) {
    const [main = '', ...sidings] = laneQueuesOf(lane);
    const left = [main, ...sidings].filter((queue) => broker.messagesIn(queue).length > 0);
    if (left.length > 0 && left.every((queue) => queue !== main && broker.consumerOf(queue) === undefined))
      found.push({ what: 'all that is left of a lane is in sidings that nobody consumes', at, lane });
  }
  return found;
}

/** Whether a key of it is parked or has to be, it holds an event that PagerDuty rejects, or it is being released. */
function needsToPublish({ broker, senders, sizes }: World, lane: number): boolean {
  const [main = '', ...sidings] = laneQueuesOf(lane);
  const held = broker.unacknowledgedIn(main);
  const isRejected = held.some(
    ({ properties }) => senders.sent.get(String(properties.messageId))?.poison !== undefined,
  );
  const isParked = sidings.some((queue) => broker.consumerOf(queue) !== undefined);
  const isReleased = broker.consumerOf(main) === undefined;
  return held.length >= sizes.prefetch || (held.length > 0 && (isRejected || isParked || isReleased));
}

function lanes(): readonly number[] {
  return Array.from({ length: LANE_GROUP.lanes }, (_, lane) => lane);
}
