import { SeededRandom } from '../seeded-random';
import { disk, down, type Effect, key, killNode, long, nothing, pagerDuty, pause, redis, stall } from './effects';
import { type Fault, type FaultKind } from './faults';
import { Overlaps } from './overlaps';
import { laneQueues } from './places';
import { pick, Targets } from './targets';
import { type World } from './world';

const RECHECK_MS = 500;
/** If a connection were held up longer, heartbeats would break it; ms. */
const MOST_HELD_UP_MS = 9_000;
/** How long a lane may hold a message before it is renewed, if that happens often; ms. */
const RENEW_AFTER_MS = 5_000;

const laneStall = stall(({ lanes }) => lanes);
const sidingStall = stall(({ sidings }) => sidings);

/** How each fault begins and ends. */
const EFFECTS: Readonly<Record<FaultKind, Effect>> = {
  'a lane does not answer': laneStall,
  'a siding does not answer': sidingStall,
  'a siding has no leader': long(sidingStall),
  'a lane has no leader': long(laneStall),
  'the broker blocks publishing': ({ broker }, { begin }) =>
    begin('alarm', true, (isAlarmed = false) => broker.setAlarm(isAlarmed)),
  'the backlog raises an alarm': ({ broker, scheduler }, { begin }) => {
    const backlog = (): number => laneQueues().reduce((sum, name) => sum + broker.messagesIn(name).length, 0);
    const limit = Math.floor(backlog() / 2);
    const end = begin('alarm', true, (isAlarmed = false) => broker.setAlarm(isAlarmed));
    const endOnceDrained = (): void => {
      if (backlog() <= limit) end();
      else scheduler.schedule(RECHECK_MS, 'the broker checks its disk', endOnceDrained);
    };
    return endOnceDrained;
  },
  'the broker is slow': ({ broker }, { begin }) =>
    begin('speed of the broker', true, (isSlow = false) => broker.setSlow(isSlow)),
  'a queue is slow': ({ broker }, { targets, target, begin }) => {
    const name = pick(targets.queues, target);
    if (!broker.queueNames.includes(name)) return nothing;
    return begin(`speed of ${name}`, true, (isSlow = false) => broker.setQueueSlow(name, isSlow));
  },
  'the broker restarts': ({ broker, network }, { begin }) => {
    const end = begin('broker', true, (isDown = false) => (network.isBrokerDown = isDown));
    broker.restart();
    return end;
  },
  'a node is killed': (world, begun) => killNode(world, pick(begun.targets.nodes, begun.target), begun),
  'a majority of the nodes is killed': (world, begun) => {
    const ends = pick(begun.targets.nodePairs, begun.target).map((node) => killNode(world, node, begun));
    return () => ends.forEach((end) => end());
  },
  'a node is cut off from the others': ({ broker }, { targets, target, begin }) => {
    const node = pick(targets.nodes, target);
    return begin(`the network of node ${node}`, true, (isCutOff = false) => {
      if (isCutOff) broker.isolate(node);
      else broker.heal(node);
    });
  },
  'two nodes lose each other': ({ broker }, { targets, target, begin }) => {
    const pair = pick(targets.nodePairs, target);
    return begin(`the network between the nodes ${pair.join(' and ')}`, true, (areSeparated = false) => {
      if (areSeparated) broker.separate(pair);
      else broker.rejoin(pair);
    });
  },
  "a lane's leader changes": ({ broker }, { targets, target }) => {
    const name = pick(targets.queues, target);
    if (broker.queueNames.includes(name)) broker.changeLeader(name);
    return nothing;
  },
  'the broker is unreachable': ({ network }, { targets, target, begin }) => {
    const { name, process } = pick(targets.services, target);
    network.cut(process);
    return begin(`network of ${name}`, true, (isUnreachable = false) => {
      if (isUnreachable) network.unreachableFrom.add(name);
      else network.unreachableFrom.delete(name);
    });
  },
  'connections break': ({ network }, { targets, target }) => {
    network.cut(pick(targets.services, target).process);
    return nothing;
  },
  'a connection is held up': ({ network, scheduler }, { targets, target, ms, random, begin }) => {
    const connections = network.connectionsOf(pick(targets.services, target).process);
    if (connections.length === 0) return nothing;
    const connection = random.pick(connections);
    const end = begin(connection.name, true, (isHeldUp = false) => connection.holdUp(isHeldUp));
    scheduler.schedule(Math.min(ms, MOST_HELD_UP_MS), 'a connection is held up no longer', end);
    return nothing;
  },
  'a gateway is killed': ({ gateways }, begun) => {
    const gateway = pick(gateways, begun.target);
    return down(gateway, begun, () => gateway.kill());
  },
  'a gateway loses power': ({ gateways }, begun) => {
    const gateway = pick(gateways, begun.target);
    return down(gateway, begun, () => {
      gateway.kill();
      gateway.volume.failPower();
    });
  },
  'a gateway is paused': (world, begun) => pause(world, pick(world.gateways, begun.target), begun),
  'a worker is killed': (_world, begun) => {
    const worker = pick(begun.targets.workers, begun.target);
    return down(worker, begun, () => worker.kill());
  },
  'a worker is paused': (world, begun) => pause(world, pick(begun.targets.workers, begun.target), begun),
  'a worker is stopped': (_world, begun) => {
    const worker = pick(begun.targets.workers, begun.target);
    return down(worker, begun, () => {
      if (worker.process.isRunning) void worker.stop();
    });
  },
  'lanes are renewed often': (world, { begin }) =>
    begin('renewal of lanes', RENEW_AFTER_MS, (ms) => (world.renewAfterMs = ms)),
  'a clock jumps': (_world, { targets, target, ms, random }) => {
    const { process } = pick(targets.services, target);
    process.clock.jump(random.pick([-1, 1]) * random.pick([1, 1_000]) * ms);
    return nothing;
  },
  'a disk is full': disk((random) => random.pick(['full', 'over its quota'])),
  'a disk is slow': disk(() => 'slow'),
  'a disk does not sync': disk(() => 'sync fails'),
  'Redis is lost': redis('lost'),
  'Redis is read-only': redis('read-only'),
  'Redis is full': long(redis('full')),
  'Redis cannot save': long(redis('cannot save')),
  'Redis fails over': (world) => {
    world.redis.failOver();
    return nothing;
  },
  'PagerDuty answers 500': pagerDuty('answers 500'),
  'PagerDuty answers HTML': pagerDuty('answers HTML'),
  'PagerDuty is slow': pagerDuty('is slow'),
  'PagerDuty hangs': pagerDuty('hangs'),
  'PagerDuty is unreachable': pagerDuty('unreachable'),
  'PagerDuty loses responses': pagerDuty('loses responses'),
  'PagerDuty processes late': pagerDuty('processes late'),
  'a key is throttled': key('throttles'),
  'a key fails': key('fails'),
  'a key hangs': key('hangs'),
  'a key is slow': long(key('is slow')),
  "a key's events are processed late": key('processes late'),
};

/** Makes each fault begin and end in its time. */
export function inject(world: World, faults: readonly Fault[]): void {
  const { scheduler } = world;
  const overlaps = new Overlaps();
  for (const { kind, at, ms, target, isAimed } of faults) {
    const random = new SeededRandom(scheduler.seed, `${kind} at ${at}`);
    const begin: Overlaps['begin'] = (thing, ...change) => {
      if (!kind.includes(thing)) scheduler.note(`FAULT affects ${thing}`);
      return overlaps.begin(thing, ...change);
    };
    scheduler.schedule(at, `FAULT begins: ${kind}`, () => {
      const end = EFFECTS[kind](world, { target, isAimed, targets: new Targets(world, isAimed), ms, random, begin });
      scheduler.schedule(ms, `FAULT ends: ${kind}`, end);
    });
  }
}
