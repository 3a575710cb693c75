import { laneOf } from '@pdaltagent/messaging';
import { type Observation } from '../broker/observation';
import { type Fault } from './faults';
import { laneOfQueue, laneQueuesOf } from './places';
import { keyOf } from './targets';
import { LANE_GROUP, type World } from './world';

/** How a fault of the product comes about: what a run must contain before the fault explains anything. */
export type MechanismName =
  | 'a key is slow'
  | 'an alarm is on at the end'
  | 'a lane has messages to move or to bury in an alarm'
  | 'all that is left of a lane is in sidings that nobody consumes'
  | 'the owner of a lane waits at the end for the confirm of a move'
  | 'a worker is told that a siding of its lane is empty, which is not so'
  | 'the single active consumer is demoted'
  | 'a consumer of a lane that was demoted is active again'
  | 'a siding is consumed by another worker than its lane'
  | 'a connection is closed because a queue does not answer';

export interface Mechanism {
  readonly what: MechanismName;
  /** When it began, or was found; ms. */
  readonly at: number;
  /** The lane that it concerns; undefined for all. */
  readonly lane: number | undefined;
  /** Ids of the messages that it concerns; undefined for all of the lane. */
  readonly messages?: ReadonlySet<string>;
}

/** Notes what a world contains that may explain problems. */
export class Mechanisms {
  readonly #world: World;
  readonly #observed: Mechanism[] = [];
  /** By siding that was believed to be empty: what was in it, or came before that was gone: keys are parked there as if it was empty. */
  readonly #believed = new Map<string, Set<string>>();

  constructor(world: World) {
    this.#world = world;
    world.broker.onObservation((observation) => {
      const lane = laneOfQueue(observation.queue);
      this.#followBelieved(observation.queue);
      if (lane !== undefined) this.#observed.push(...this.#shownBy(observation, lane));
    });
  }

  /** At the end. @param isDrained whether nothing is left */
  all(faults: readonly Fault[], isDrained: boolean): readonly Mechanism[] {
    return [...this.#observed, ...slowKeys(this.#world, faults), ...(isDrained ? [] : leftBehind(this.#world))];
  }

  #followBelieved(queue: string): void {
    const believed = this.#believed.get(queue);
    if (believed === undefined) return;
    const messages = [...idsOf(this.#world.broker.messagesIn(queue))];
    if (messages.some((id) => believed.has(id))) for (const id of messages) believed.add(id);
    else this.#believed.delete(queue);
  }

  #shownBy({ what, at, queue, client }: Observation, lane: number): readonly Mechanism[] {
    const { broker } = this.#world;
    const [main = '', ...sidings] = laneQueuesOf(lane);
    const owner = broker.consumerOf(main);
    switch (what) {
      case 'a connection is closed because a queue does not answer':
        return [{ what, at, lane }];
      case 'the single active consumer is demoted':
        return [{ what, at, lane, messages: idsOf(broker.unacknowledgedIn(queue)) }];
      case 'a consumer that was demoted is active again': {
        const messages = idsOf(sidings.flatMap((siding) => broker.messagesIn(siding)));
        return queue === main
          ? [{ what: 'a consumer of a lane that was demoted is active again', at, lane, messages }]
          : [];
      }
      case 'a client is told that a queue is empty, which is not so': {
        // Others only look whether they have to do something.
        if (queue === main || client !== owner) return [];
        const messages = this.#believed.get(queue) ?? new Set(idsOf(broker.messagesIn(queue)));
        this.#believed.set(queue, messages);
        return [{ what: 'a worker is told that a siding of its lane is empty, which is not so', at, lane, messages }];
      }
      case 'another client has the single active consumer': {
        const clients = sidings.map((siding) => broker.consumerOf(siding)).filter((other) => other !== undefined);
        return owner !== undefined && clients.some((other) => other !== owner)
          ? [{ what: 'a siding is consumed by another worker than its lane', at, lane }]
          : [];
      }
    }
  }
}

function slowKeys({ scheduler }: World, faults: readonly Fault[]): readonly Mechanism[] {
  return faults.flatMap((fault): readonly Mechanism[] => {
    const { kind, at } = fault;
    return kind === 'a key is slow' ? [{ what: kind, at, lane: laneOf(LANE_GROUP, keyOf(scheduler.seed, fault)) }] : [];
  });
}

/** How the broker was left. */
function leftBehind(world: World): readonly Mechanism[] {
  const { broker, scheduler } = world;
  const { now: at } = scheduler;
  const lanes = Array.from({ length: LANE_GROUP.lanes }, (_, lane) => lane);
  const stuck = broker.isAlarmed ? lanes.filter((lane) => needsToPublish(world, lane)) : [];
  const alarmed = stuck.map((lane): Mechanism => ({
    what: 'a lane has messages to move or to bury in an alarm',
    at,
    lane,
  }));
  const stranded = lanes.flatMap((lane): readonly Mechanism[] => {
    const [main = '', ...sidings] = laneQueuesOf(lane);
    const left = [main, ...sidings].filter((queue) => broker.messagesIn(queue).length > 0);
    return left.length > 0 && left.every((queue) => queue !== main && broker.consumerOf(queue) === undefined)
      ? [{ what: 'all that is left of a lane is in sidings that nobody consumes', at, lane }]
      : [];
  });
  const waiting = lanes.filter((lane) => waitsForMove(world, lane));
  return [
    ...waiting.map((lane): Mechanism => ({
      what: 'the owner of a lane waits at the end for the confirm of a move',
      at,
      lane,
    })),
    ...(stuck.length > 0 ? [{ what: 'an alarm is on at the end', at, lane: undefined } as const] : []),
    ...alarmed,
    ...stranded,
  ];
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

/** Whether its owner has published a message of it, and neither got a confirm nor lost the channel. */
function waitsForMove({ broker, senders, workers }: World, lane: number): boolean {
  const [main = ''] = laneQueuesOf(lane);
  const owner = workers.find(({ process }) => broker.consumerOf(main)?.startsWith(`${process.name} `));
  const awaited = owner === undefined ? [] : broker.publications.awaitedBy(`${owner.process.name} publishing`);
  return awaited.some((id) => {
    const event = senders.sent.get(id);
    return event !== undefined && laneOf(LANE_GROUP, event.routingKey) === lane;
  });
}

function idsOf(messages: ReturnType<World['broker']['messagesIn']>): ReadonlySet<string> {
  return new Set(messages.map(({ properties }) => String(properties.messageId)));
}
