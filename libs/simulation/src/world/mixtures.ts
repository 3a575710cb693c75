import { SeededRandom } from '../seeded-random';
import { type Fault, FAULT_KINDS, type FaultKind, FAULTS_FROM_MS, FAULTS_UNTIL_MS, KEY_FAULTS } from './faults';

/** What the faults of a world are drawn from: most show little alone. */
export interface Mixture {
  readonly kinds: readonly FaultKind[];
  /**
   * How likely each of its kinds occurs, and occurs again, in a world with many faults: about seven then occur. A constant, so
   * that another kind leaves alone the worlds in which it does not occur.
   */
  readonly chance: number;
  /** How often it is chosen, compared with the others. */
  readonly weight: number;
}

/** Keys that wait while their lane changes workers: messages are parked, moved and redelivered. */
const TAKEOVERS: readonly FaultKind[] = [
  ...KEY_FAULTS,
  'a worker is killed',
  'a worker is paused',
  'a worker is stopped',
  'lanes are renewed often',
  'connections break',
  'the broker is unreachable',
  'the broker restarts',
  'the broker is slow',
  'PagerDuty is slow',
  'PagerDuty answers 500',
  'a clock jumps',
];
const BROKER: readonly FaultKind[] = [
  ...KEY_FAULTS,
  'a lane does not answer',
  'a siding does not answer',
  'a lane has no leader',
  'the broker blocks publishing',
  'the backlog raises an alarm',
  'the broker is slow',
  'the broker restarts',
  'connections break',
  'a worker is killed',
  'lanes are renewed often',
];
/** A spool is used if the broker is not available. */
const DISKS: readonly FaultKind[] = [
  'a disk is full',
  'a disk is slow',
  'a disk does not sync',
  'a gateway is killed',
  'a gateway loses power',
  'a gateway is paused',
  'a lane does not answer',
  'the broker blocks publishing',
  'the broker restarts',
  'the broker is unreachable',
];

export const MIXTURES: Readonly<Record<string, Mixture>> = {
  // Nothing but keys that make no progress, which must not delay the others.
  keys: { kinds: KEY_FAULTS, chance: 0.85, weight: 1 },
  takeovers: { kinds: TAKEOVERS, chance: 0.25, weight: 2 },
  broker: { kinds: BROKER, chance: 0.25, weight: 1 },
  disks: { kinds: DISKS, chance: 0.35, weight: 1 },
  all: { kinds: FAULT_KINDS, chance: 0.1, weight: 2 },
};

const MOST_OF_A_KIND = 2;
const SHORTEST_MS = 200;
const LONGEST_MS = 15_000;
const SOON_MS = 2_000;
/** When a fault begins at the latest: independently of others, and after another one; ms. */
const LATEST_MS = { alone: 18_000, after: FAULTS_UNTIL_MS - SHORTEST_MS };

/** What is drawn for a fault, whichever other faults there are. */
interface Drawn extends Pick<Fault, 'kind' | 'target'> {
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
  const { kinds, chance } = mixtureOf(seed, mixtures);
  const likelihood = chance * new SeededRandom(seed, 'number of faults').fraction();
  const drawn = kinds.flatMap((kind) => {
    const random = new SeededRandom(seed, `faults: ${kind}`);
    return Array.from({ length: MOST_OF_A_KIND }, () => ({ draw: random.fraction(), fault: drawFault(kind, random) }))
      .filter(({ draw }) => draw < likelihood)
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
    order: random.fraction(),
    // Two at once find more than two, and what ends may leave something behind for the next one.
    follows: follows < 1 / 3 ? 'a beginning' : follows < 1 / 2 ? 'an end' : 'nothing',
    alone: FAULTS_FROM_MS + random.below(LATEST_MS.alone - FAULTS_FROM_MS),
    soon: random.below(SOON_MS),
    ms: SHORTEST_MS + random.below(LONGEST_MS),
  };
}

function placeAfter(last: Fault | undefined, { kind, target, follows, alone, soon, ms }: Drawn): Fault {
  const after = last === undefined ? alone : last.at + (follows === 'an end' ? last.ms : soon);
  const at = follows === 'nothing' || after > LATEST_MS.after ? alone : after;
  return { kind, at, ms: Math.min(FAULTS_UNTIL_MS - at, ms), target };
}
