import { SeededRandom } from '../seeded-random';
import { type Fault, FAULT_KINDS, type FaultKind, FAULTS_FROM_MS, FAULTS_UNTIL_MS, KEY_FAULTS } from './faults';

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

const each = (chance: number, ...kinds: readonly (FaultKind | readonly FaultKind[])[]): Mixture['chances'] =>
  kinds.flat().map((kind) => [kind, chance]);

const REDIS: readonly FaultKind[] = ['Redis is lost', 'Redis is read-only', 'Redis fails over'];

export const MIXTURES: Readonly<Record<string, Mixture>> = {
  // Nothing but keys that make no progress, which must not delay the others.
  keys: { weight: 1, chances: each(0.7, KEY_FAULTS) },
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

const MOST_OF_A_KIND = 2;
const SHORTEST_MS = 200;
const LONGEST_MS = 15_000;
const SOON_MS = 2_000;
/** When a fault begins at the latest: independently of others, and after another one; ms. */
const LATEST_MS = { alone: 18_000, after: FAULTS_UNTIL_MS - SHORTEST_MS };

/** What is drawn for a fault, whichever other faults there are. */
interface Drawn extends Pick<Fault, 'kind' | 'target'> {
  readonly isAimed: boolean;
  /** Compared with that of others: which one it may follow. */
  readonly order: number;
  readonly follows: 'nothing' | 'a beginning' | 'an end';
  /** When it begins if it follows nothing; ms. */
  readonly alone: number;
  /** How long after the beginning of another one it begins; ms. */
  readonly soon: number;
  readonly ms: number;
}

/**
 * The faults of a seed, in the order in which they begin. Each mixture, and each kind, is drawn on its own: a new one changes
 * only the worlds in which it occurs.
 */
export function faultsOf(seed: number, mixtures = MIXTURES): readonly Fault[] {
  const share = new SeededRandom(seed, 'number of faults').fraction();
  const drawn = mixtureOf(seed, mixtures).chances.flatMap(([kind, chance]) => {
    const random = new SeededRandom(seed, `faults: ${kind}`);
    return Array.from({ length: MOST_OF_A_KIND }, () => ({ draw: random.fraction(), fault: drawFault(kind, random) }))
      .filter(({ draw }) => draw < share * chance)
      .map(({ fault }) => fault);
  });
  let last: Fault | undefined;
  const faults = drawn.sort((left, right) => left.order - right.order).map((fault) => (last = placeAfter(last, fault)));
  return faults.sort((left, right) => left.at - right.at);
}

/** The one with the highest draw, in which its weight counts as so many draws. */
function mixtureOf(seed: number, mixtures: typeof MIXTURES): Mixture {
  const drawn = Object.entries(mixtures).map(([name, mixture]) => ({
    mixture,
    draw: new SeededRandom(seed, `mixture: ${name}`).fraction() ** (1 / mixture.weight),
  }));
  return drawn.reduce((highest, other) => (other.draw > highest.draw ? other : highest)).mixture;
}

function drawFault(kind: FaultKind, random: SeededRandom): Drawn {
  const follows = random.fraction();
  return {
    kind,
    target: random.below(100) / 100,
    isAimed: random.fraction() < 0.5,
    order: random.fraction(),
    // Two at once find more than two, and what ends may leave something behind for the next one.
    follows: follows < 1 / 3 ? 'a beginning' : follows < 1 / 2 ? 'an end' : 'nothing',
    alone: FAULTS_FROM_MS + random.below(LATEST_MS.alone - FAULTS_FROM_MS),
    soon: random.below(SOON_MS),
    ms: SHORTEST_MS + random.below(LONGEST_MS),
  };
}

function placeAfter(last: Fault | undefined, { kind, target, isAimed, follows, alone, soon, ms }: Drawn): Fault {
  const after = last === undefined ? alone : last.at + (follows === 'an end' ? last.ms : soon);
  const at = follows === 'nothing' || after > LATEST_MS.after ? alone : after;
  return { kind, at, ms: Math.min(FAULTS_UNTIL_MS - at, ms), target, isAimed };
}
