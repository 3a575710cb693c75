import { SeededRandom } from '../seeded-random';

/** What can happen to a world. To add one: name it here, and say in `fault-effects.ts` what it does. */
export const FAULT_KINDS = [
  'a lane does not answer',
  'a siding does not answer',
  'a lane has no leader',
  'the broker blocks publishing',
  'the backlog raises an alarm',
  'the broker is slow',
  'the broker restarts',
  'a node is killed',
  'a node is cut off from the others',
  "a lane's leader changes",
  'the broker is unreachable',
  'connections break',
  'a gateway is killed',
  'a gateway loses power',
  'a gateway is paused',
  'a worker is killed',
  'a worker is paused',
  'a worker is stopped',
  'a clock jumps',
  'a disk is full',
  'a disk is slow',
  'a disk does not sync',
  'Redis is lost',
  'Redis is read-only',
  'Redis fails over',
  'PagerDuty answers 500',
  'PagerDuty answers HTML',
  'PagerDuty is slow',
  'PagerDuty hangs',
  'PagerDuty is unreachable',
  'PagerDuty loses responses',
  'PagerDuty processes late',
  'a key is throttled',
  'a key fails',
  'a key hangs',
  'a key is slow',
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

export interface Fault {
  readonly kind: FaultKind;
  /** When it begins; ms. */
  readonly at: number;
  /** How long it lasts; ms. */
  readonly ms: number;
  /** Which one of several it hits: a fraction of their number. */
  readonly target: number;
}

/** Faults begin and end in this time; ms. */
export const FAULTS_FROM_MS = 3_000;
export const FAULTS_UNTIL_MS = 30_000;
const MOST_FAULTS = 7;
const LONGEST_MS = 15_000;
const SOON_MS = 2_000;
const LATEST_MS = FAULTS_UNTIL_MS - SOON_MS * MOST_FAULTS;

/** Faults that concern nothing but some keys. */
export const KEY_FAULTS: readonly FaultKind[] = ['a key is throttled', 'a key fails', 'a key hangs', 'a key is slow'];

/**
 * Faults that the product does not withstand yet, with what they show. Only the worlds of the seeds from `OPEN_FROM` on have
 * them: some of those fail.
 */
const OPEN_KINDS: readonly FaultKind[] = [
  // Taken over meanwhile, its messages are not counted.
  'a siding does not answer',
  // A consumer that was demoted silently goes on, and does not look at sidings when it is active again.
  'a node is cut off from the others',
  // While a siding elects a leader, its messages are not counted.
  'a node is killed',
  "a lane's leader changes",
  // Who consumes it loses the connection after 65 s, and all other lanes with it.
  'a lane has no leader',
  // A lane that waits for a dead letter to be written is not released, and delivers nothing.
  'the backlog raises an alarm',
  // It makes progress, so that it is not parked, but holds up its lane.
  'a key is slow',
];
export const OPEN_FROM = 1_000_000;

/** Keys that wait while their lane changes workers: messages are parked, moved and redelivered. */
const TAKEOVERS: readonly FaultKind[] = [
  ...KEY_FAULTS,
  'a worker is killed',
  'a worker is paused',
  'a worker is stopped',
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

/** What the faults of a world are drawn from: most show little alone. A list that occurs twice is twice as likely. */
const MIXTURES: readonly (readonly FaultKind[])[] = [
  // Nothing but keys that make no progress, which must not delay the others.
  KEY_FAULTS,
  TAKEOVERS,
  TAKEOVERS,
  BROKER,
  DISKS,
  FAULT_KINDS,
  FAULT_KINDS,
];

function kindsOf(seed: number, random: SeededRandom): readonly FaultKind[] {
  const mixture = random.pick(MIXTURES);
  return seed < OPEN_FROM ? mixture.filter((kind) => !OPEN_KINDS.includes(kind)) : mixture;
}

/** The faults of a seed, in the order in which they begin. */
export function faultsOf(seed: number): readonly Fault[] {
  const random = new SeededRandom(seed, 'faults');
  const kinds = kindsOf(seed, random);
  let begun: number | undefined;
  const faults = Array.from({ length: random.below(MOST_FAULTS + 1) }, (): Fault => {
    // Half of them begin soon after another one: two at once find more than two.
    const soon = random.fraction() < 0.5 ? begun : undefined;
    begun =
      soon === undefined ? FAULTS_FROM_MS + random.below(LATEST_MS - FAULTS_FROM_MS) : soon + random.below(SOON_MS);
    const at = begun;
    const kind = random.pick(kinds);
    const ms = Math.min(FAULTS_UNTIL_MS - at, 200 + random.below(LONGEST_MS));
    return { kind, at, ms, target: random.fraction() };
  });
  return faults.sort((left, right) => left.at - right.at);
}

export function describeFault({ kind, at, ms, target }: Fault): string {
  return `${(at / 1_000).toFixed(3)} s, for ${(ms / 1_000).toFixed(3)} s: ${kind} (target ${target.toFixed(2)})`;
}
