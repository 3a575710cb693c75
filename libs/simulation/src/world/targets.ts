import { laneOf, laneQueue, sidingQueue } from '@pdaltagent/messaging';
import { NODE_PAIRS, NODES } from '../broker/nodes';
import { SeededRandom } from '../seeded-random';
import { type Gateway } from './gateway';
import { laneQueues } from './places';
import { type Worker } from './worker';
import { KEYS, LANE_GROUP, type World } from './world';

/**
 * What a fault may hit: anything, or, if it is aimed, what belongs to the one lane on which the aimed faults of a seed
 * concentrate, so that they meet.
 */
export class Targets {
  readonly #world: World;
  readonly #lane: number | undefined;

  constructor(world: World, isAimed: boolean | undefined) {
    this.#world = world;
    this.#lane = isAimed === true ? laneOfFaults(world.scheduler.seed) : undefined;
  }

  get lanes(): readonly string[] {
    return this.#lanes.map((lane) => laneQueue(LANE_GROUP, lane));
  }

  get sidings(): readonly string[] {
    return Array.from({ length: LANE_GROUP.sidings }, (_, siding) =>
      this.#lanes.map((lane) => sidingQueue(LANE_GROUP, lane, siding)),
    ).flat();
  }

  /** Lanes and sidings. */
  get queues(): readonly string[] {
    return this.#lane === undefined ? laneQueues() : [...this.lanes, ...this.sidings];
  }

  /** If it is aimed, the one that consumes the lane, if there is one. */
  get workers(): readonly Worker[] {
    const { broker, workers } = this.#world;
    const lane = this.#lane;
    const own =
      lane === undefined
        ? []
        : workers.filter(({ process }) => broker.isActive(`${process.name} consuming`, laneQueue(LANE_GROUP, lane)));
    return own.length > 0 ? own : workers;
  }

  /** Gateways and workers. */
  get services(): readonly (Gateway | Worker)[] {
    return this.#lane === undefined ? [...this.#world.gateways, ...this.#world.workers] : this.workers;
  }

  /** Of the broker; if it is aimed, where the leaders of the lane's queues are. */
  get nodes(): readonly number[] {
    const all = Array.from({ length: NODES }, (_, node) => node);
    if (this.#lane === undefined) return all;
    const leaders = this.queues.flatMap((name) => this.#world.broker.leaderOf(name) ?? []);
    return leaders.length > 0 ? leaders : all;
  }

  /** Pairs of which one is among these nodes. */
  get nodePairs(): readonly (readonly [number, number])[] {
    const { nodes } = this;
    return NODE_PAIRS.filter((pair) => pair.some((node) => nodes.includes(node)));
  }

  get #lanes(): readonly number[] {
    return this.#lane === undefined ? Array.from({ length: LANE_GROUP.lanes }, (_, lane) => lane) : [this.#lane];
  }
}

/** The routing key that a fault of a key hits. */
export function keyOf(
  seed: number,
  { target, isAimed }: { readonly target: number; readonly isAimed?: boolean | undefined },
): string {
  const lane = laneOfFaults(seed);
  const own = KEYS.filter((key) => laneOf(LANE_GROUP, key) === lane);
  return pick(isAimed === true && own.length > 0 ? own : KEYS, target);
}

/** @param target a fraction of their number. @throws Error if there is none */
export function pick<Item>(items: readonly Item[], target: number): Item {
  const item = items[Math.floor(target * items.length)];
  if (item === undefined) throw new Error('nothing to choose from');
  return item;
}

function laneOfFaults(seed: number): number {
  return new SeededRandom(seed, 'lane of the faults').below(LANE_GROUP.lanes);
}
