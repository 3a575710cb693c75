import { laneQueue, sidingQueue } from '@pdaltagent/messaging';
import { type Fault, type FaultKind } from './faults';
import { type KeyMode, type Mode } from './simulated-pagerduty';
import { KEYS, LANE_GROUP, type World } from './world';

/** Begins a fault; the result ends it. */
type Effect = (world: World, target: number, ms: number) => () => void;

const nothing = (): void => undefined;

const pick = <Item>(items: readonly Item[], target: number): Item => {
  const item = items[Math.floor(target * items.length)];
  if (item === undefined) throw new Error('nothing to choose from');
  return item;
};

const stall =
  (nameOf: (target: number) => string): Effect =>
  ({ broker }, target) => {
    const name = nameOf(target);
    if (!broker.queueNames.includes(name)) return nothing;
    broker.stallQueue(name);
    return () => broker.resumeQueue(name);
  };

const pagerDuty =
  (mode: Mode): Effect =>
  (world) => {
    world.pagerDuty.mode = mode;
    return () => (world.pagerDuty.mode = 'works');
  };

const key =
  (mode: KeyMode): Effect =>
  ({ pagerDuty: { keyModes } }, target) => {
    const routingKey = pick(KEYS, target);
    keyModes.set(routingKey, mode);
    return () => keyModes.delete(routingKey);
  };

const disk =
  (mode: 'slow' | 'full' | 'sync fails'): Effect =>
  ({ gateways }, target) => {
    const { volume } = pick(gateways, target);
    volume.mode = mode;
    return () => (volume.mode = 'works');
  };

const redis =
  (mode: 'lost' | 'read-only'): Effect =>
  (world) => {
    world.redis.mode = mode;
    return () => (world.redis.mode = 'works');
  };

const killGateway =
  (losesPower: boolean): Effect =>
  ({ gateways }, target) => {
    const gateway = pick(gateways, target);
    if (gateway.process.isDead) return nothing;
    gateway.kill();
    if (losesPower) gateway.volume.failPower();
    return () => gateway.start();
  };

const EFFECTS: Readonly<Record<FaultKind, Effect>> = {
  'a lane does not answer': stall((target) => laneQueue(LANE_GROUP, Math.floor(target * LANE_GROUP.lanes))),
  'a siding does not answer': stall((target) => {
    const index = Math.floor(target * LANE_GROUP.lanes * LANE_GROUP.sidings);
    return sidingQueue(LANE_GROUP, index % LANE_GROUP.lanes, Math.floor(index / LANE_GROUP.lanes));
  }),
  'the broker blocks publishing': ({ broker }) => {
    broker.setAlarm(true);
    return () => broker.setAlarm(false);
  },
  'the broker is slow': ({ broker }) => {
    broker.setSlow(true);
    return () => broker.setSlow(false);
  },
  'the broker restarts': ({ broker, network }) => {
    network.isBrokerDown = true;
    broker.restart();
    return () => (network.isBrokerDown = false);
  },
  'the broker is unreachable': ({ network, gateways, workers }, target) => {
    const { name, process } = pick([...gateways, ...workers], target);
    network.unreachableFrom.add(name);
    network.cut(process);
    return () => network.unreachableFrom.delete(name);
  },
  'connections break': ({ network, gateways, workers }, target) => {
    network.cut(pick([...gateways, ...workers], target).process);
    return nothing;
  },
  'a gateway is killed': killGateway(false),
  'a gateway loses power': killGateway(true),
  'a gateway is paused': ({ network, gateways }, target) => {
    const { process } = pick(gateways, target);
    network.pause(process);
    return () => process.resume();
  },
  'a worker is killed': ({ workers }, target) => {
    const worker = pick(workers, target);
    if (worker.process.isDead) return nothing;
    worker.kill();
    return () => worker.start();
  },
  'a worker is paused': ({ network, workers }, target) => {
    const { process } = pick(workers, target);
    network.pause(process);
    return () => process.resume();
  },
  'a worker is stopped': ({ workers }, target) => {
    const worker = pick(workers, target);
    const { process } = worker;
    if (!process.isRunning) return nothing;
    void worker.stop();
    // As the supervisor of a container does it, whether or not it has ended.
    return () => {
      process.kill();
      if (worker.process === process) worker.start();
    };
  },
  'a clock jumps': ({ gateways, workers }, target, ms) => {
    const { process } = pick([...gateways, ...workers], target);
    process.clock.jump((target < 0.5 ? -1 : 1) * ms * 1_000);
    return nothing;
  },
  'a disk is full': disk('full'),
  'a disk is slow': disk('slow'),
  'a disk does not sync': disk('sync fails'),
  'Redis is lost': redis('lost'),
  'Redis is read-only': redis('read-only'),
  'Redis fails over': (world) => {
    world.redis.failOver();
    return nothing;
  },
  'PagerDuty answers 500': pagerDuty('answers 500'),
  'PagerDuty answers HTML': pagerDuty('answers HTML'),
  'PagerDuty hangs': pagerDuty('hangs'),
  'PagerDuty is unreachable': pagerDuty('unreachable'),
  'PagerDuty loses responses': pagerDuty('loses responses'),
  'PagerDuty processes late': pagerDuty('processes late'),
  'a key is throttled': key('throttles'),
  'a key fails': key('fails'),
  'a key hangs': key('hangs'),
};

/** Makes each fault begin and end in its time. */
export function inject(world: World, faults: readonly Fault[]): void {
  for (const { kind, at, ms, target } of faults) {
    world.scheduler.schedule(at, `FAULT begins: ${kind}`, () => {
      const end = EFFECTS[kind](world, target, ms);
      world.scheduler.schedule(ms, `FAULT ends: ${kind}`, end);
    });
  }
}
