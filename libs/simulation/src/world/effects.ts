import { type SeededRandom } from '../seeded-random';
import { LONG_MS } from './fault-bounds';
import { type Fault } from './faults';
import { type Gateway } from './gateway';
import { type Overlaps } from './overlaps';
import { type KeyMode, type Mode } from './simulated-pagerduty';
import { type VolumeMode } from './simulated-volume';
import { keyOf, pick, type Targets } from './targets';
import { type Worker } from './worker';
import { type World } from './world';

/** What an effect knows of its fault. */
export interface Begun extends Pick<Fault, 'target' | 'ms'> {
  readonly isAimed: boolean | undefined;
  readonly targets: Targets;
  /** Draws further choices, the same whichever other faults there are. */
  readonly random: SeededRandom;
  /** Changes what other faults may change too; the result ends this one's change. */
  readonly begin: Overlaps['begin'];
}

/** Begins a fault; the result ends it. */
export type Effect = (world: World, begun: Begun) => () => void;

export const nothing = (): void => undefined;

/** The queue with that name does not answer. */
export const stall =
  (namesOf: (targets: Targets) => readonly string[]): Effect =>
  ({ broker }, { targets, target, begin }) => {
    const name = pick(namesOf(targets), target);
    if (!broker.queueNames.includes(name)) return nothing;
    return begin(name, true, (isStalled = false) => {
      if (isStalled) broker.stallQueue(name);
      else broker.resumeQueue(name);
    });
  };

/** It lasts longer than its fault. */
export const long =
  (effect: Effect): Effect =>
  (world, begun) => {
    const end = effect(world, begun);
    return () => world.scheduler.schedule(LONG_MS, 'FAULT ends: the long one', end);
  };

export const killNode = ({ broker, network }: World, node: number, { begin }: Begun): (() => void) =>
  begin(`node ${node}`, true, (isDown = false) => {
    if (isDown) {
      network.downNodes.add(node);
      broker.killNode(node);
    } else {
      network.downNodes.delete(node);
      broker.startNode(node);
    }
  });

export const pagerDuty =
  (mode: Mode): Effect =>
  (world, { begin }) =>
    begin('PagerDuty', mode, (value = 'works') => (world.pagerDuty.mode = value));

export const key =
  (mode: KeyMode): Effect =>
  ({ pagerDuty: { keyModes }, scheduler: { seed } }, { target, isAimed, begin }) => {
    const routingKey = keyOf(seed, { target, isAimed });
    return begin(routingKey, mode, (value = 'accepts') => keyModes.set(routingKey, value));
  };

export const disk =
  (modeOf: (random: SeededRandom) => VolumeMode): Effect =>
  ({ gateways }, { target, random, begin }) => {
    const { name, volume } = pick(gateways, target);
    return begin(`disk of ${name}`, modeOf(random), (value = 'works') => (volume.mode = value));
  };

export const redis =
  (mode: World['redis']['mode']): Effect =>
  (world, { begin }) =>
    begin('Redis', mode, (value = 'works') => (world.redis.mode = value));

/** Ends its process; as the supervisor of a container does it, another one starts once nothing keeps it from running. */
export const down = (service: Gateway | Worker, { begin }: Begun, end: () => void): (() => void) =>
  begin(`process of ${service.name}`, end, (value) => {
    if (value !== undefined) return value();
    service.kill();
    service.start();
  });

export const pause = ({ network }: World, service: Gateway | Worker, { begin }: Begun): (() => void) =>
  begin(`pause of ${service.name}`, true, (isPaused = false) => {
    if (isPaused) network.pause(service.process);
    else service.process.resume();
  });
