import { FAULT_KINDS, type FaultKind, KEY_FAULTS } from './faults';

/** What the faults of a world are drawn from: most show little alone. */
export interface Mixture {
  /**
   * How likely each kind occurs, and occurs again, in a world with many faults: about seven then occur. Constants, so that another
   * kind leaves alone the worlds in which it does not occur.
   */
  readonly chances: readonly (readonly [kind: FaultKind, chance: number])[];
  /** How often it is chosen, compared with the others. */
  readonly weight: number;
}

/** Keys whose messages are parked. */
const PARKING: readonly FaultKind[] = ['a key is throttled', 'a key fails', 'a key hangs'];
const WORKERS: readonly FaultKind[] = ['a worker is killed', 'a worker is paused', 'a worker is stopped'];
const CONNECTIONS: readonly FaultKind[] = ['connections break', 'a connection is held up', 'the broker is unreachable'];
const NODES: readonly FaultKind[] = [
  'a node is killed',
  'a node is cut off from the others',
  "a lane's leader changes",
];
const QUEUES: readonly FaultKind[] = [
  'a lane does not answer',
  'a lane has no leader',
  'a siding does not answer',
  'a siding has no leader',
  'a queue is slow',
];
const ALARMS: readonly FaultKind[] = ['the broker blocks publishing', 'the backlog raises an alarm'];
const SLOW: readonly FaultKind[] = ['the broker is slow', 'the broker restarts'];
const GATEWAYS: readonly FaultKind[] = ['a gateway is killed', 'a gateway loses power', 'a gateway is paused'];
const DISKS: readonly FaultKind[] = ['a disk is full', 'a disk is slow', 'a disk does not sync'];

const REDIS: readonly FaultKind[] = ['Redis is lost', 'Redis is read-only', 'Redis fails over'];
/** It refuses writes for long: nothing may wait for it, whichever worker has a lane. */
const REFUSALS: readonly FaultKind[] = ['Redis is full', 'Redis cannot save'];

const each = (chance: number, ...kinds: readonly (FaultKind | readonly FaultKind[])[]): Mixture['chances'] =>
  kinds.flat().map((kind) => [kind, chance]);

export const MIXTURES: Readonly<Record<string, Mixture>> = {
  // Nothing but keys that make no progress, which must not delay the others.
  keys: { weight: 2, chances: each(0.7, KEY_FAULTS) },
  // Keys that wait while their lane changes workers: messages are parked, moved and redelivered.
  takeovers: {
    weight: 1,
    chances: [
      ...each(0.35, KEY_FAULTS),
      ...each(0.2, WORKERS, CONNECTIONS, SLOW, 'lanes are renewed often', 'a clock jumps'),
      ...each(0.2, 'PagerDuty is slow', 'PagerDuty answers 500'),
    ],
  },
  // Messages of parked keys stay in sidings and come late, while workers take these over.
  parked: {
    weight: 3,
    chances: [
      ...each(0.6, PARKING),
      ...each(0.5, 'a queue is slow'),
      ...each(0.3, 'a key is slow', 'PagerDuty is slow'),
      ...each(
        0.2,
        WORKERS,
        CONNECTIONS,
        'lanes are renewed often',
        'the broker is slow',
        'the broker blocks publishing',
      ),
      ...each(0.1, 'a siding does not answer', 'a siding has no leader'),
    ],
  },
  broker: {
    weight: 1,
    chances: [
      ...each(0.2, KEY_FAULTS, QUEUES, ALARMS, SLOW),
      ...each(0.2, 'connections break', 'a worker is killed', 'lanes are renewed often'),
    ],
  },
  cluster: {
    weight: 1,
    chances: [
      ...each(0.5, NODES),
      ...each(0.35, PARKING),
      ...each(0.2, 'a worker is killed', 'connections break', 'a majority of the nodes is killed'),
      ...each(0.2, 'two nodes lose each other'),
    ],
  },
  // Messages of parked keys come late, and acknowledgements are lost, while the nodes of their queues lose each other.
  'parked cluster': {
    weight: 3,
    chances: [
      ...each(0.9, 'a node is cut off from the others', 'two nodes lose each other'),
      ...each(0.7, PARKING),
      ...each(0.4, "a lane's leader changes", 'a node is killed', 'a queue is slow'),
    ],
  },
  // A spool is used if the broker is not available.
  disks: {
    weight: 1,
    chances: each(
      0.35,
      DISKS,
      GATEWAYS,
      'a lane does not answer',
      'the broker blocks publishing',
      'the broker restarts',
      'the broker is unreachable',
    ),
  },
  // A marker in Redis matters only if a message is delivered again: to another worker, or as a copy.
  'missing markers': {
    weight: 1,
    chances: each(
      0.5,
      REDIS,
      REFUSALS,
      'a worker is killed',
      'a worker is paused',
      'connections break',
      'the broker restarts',
      'the broker is slow',
      'a gateway is paused',
      'PagerDuty is slow',
    ),
  },
  // A clock matters while something waits.
  clocks: {
    weight: 1,
    chances: [
      ...each(0.8, 'a clock jumps'),
      ...each(0.5, KEY_FAULTS),
      ...each(0.3, 'PagerDuty answers 500', 'Redis is lost'),
    ],
  },
  all: { weight: 2, chances: each(0.1, FAULT_KINDS) },
};

/** Also of worlds with large windows: acknowledgements are lost. */
export const MIXTURES_OF_LARGE_WINDOWS: typeof MIXTURES = {
  'lost acknowledgements': {
    weight: 6,
    chances: each(0.9, 'PagerDuty is slow', 'a node is cut off from the others', 'two nodes lose each other'),
  },
};
