import { SeededRandom } from '../seeded-random';
import { type Fault, type FaultKind, FAULTS_FROM_MS, FAULTS_UNTIL_MS } from './faults';
import { type Mixture, MIXTURES, MIXTURES_OF_LARGE_WINDOWS } from './mixtures';
import { hasLargeWindows } from './windows';

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
  const possible = hasLargeWindows(seed) ? { ...mixtures, ...MIXTURES_OF_LARGE_WINDOWS } : mixtures;
  const drawn = mixtureOf(seed, possible).chances.flatMap(([kind, chance]) => {
    const random = new SeededRandom(seed, `faults: ${kind}`);
    return Array.from({ length: MOST_OF_A_KIND }, () => ({ draw: random.fraction(), fault: drawFault(kind, random) }))
      .filter(({ draw }) => draw < share * chance)
      .map(({ fault }) => fault);
  });
  let last: Fault | undefined;
  const faults = drawn.sort((left, right) => left.order - right.order).map((fault) => (last = placeAfter(last, fault)));
  return faults.sort((left, right) => left.at - right.at);
}

/**
 * Each with a probability in proportion to its weight: the one with the highest draw ** (1 / weight), as Efraimidis and Spirakis
 * describe it, so that another mixture changes only the seeds for which it is drawn.
 */
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
