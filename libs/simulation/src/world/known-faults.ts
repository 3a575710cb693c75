import { type FaultKind } from './faults';
import { type Mechanism, type MechanismName } from './mechanisms';
import { type CheckName, type Problem } from './oracle';
import { type SimulationReport, simulate } from './simulate';

/** A fault of the product that is not fixed yet. */
export interface KnownFault {
  /** What the product does. */
  readonly what: string;
  /** It shows only if one of these is among the faults of a world. */
  readonly shownBy: readonly FaultKind[];
  /** The share of seeds that show it, at most: about twice that of the seeds from which it was measured. */
  readonly mostShown: number;
  readonly violates: readonly {
    readonly checks: readonly CheckName[];
    /** Only if each of these occurs in the lane that a problem concerns, with one of its messages, before it does. */
    readonly after: readonly MechanismName[];
  }[];
}

const DRAINED = 'everything is drained in time after the faults end';
const OVERLAPPING = 'a request starts only once the one before it of its alert has ended';
const REPEATED = 'a message is processed again only for a documented reason';
const LATE = 'an event is processed after a later one of its alert only for a documented reason';
const LAST_STATE = "each alert ends in its sender's last state";
const STRANDED = 'all that is left of a lane is in sidings that nobody consumes';
const ACTIVE_AGAIN = 'a consumer of a lane that was demoted is active again';
const BELIEVED = 'a worker is told that a siding of its lane is empty, which is not so';

const CUT_OFF: readonly FaultKind[] = ['a node is cut off from the others', 'two nodes lose each other'];

/** The known faults. Each has seeds in `OPEN_SEEDS`; what fixes one removes it here, and moves its seeds. */
export const KNOWN_FAULTS = {
  'a noisy key': {
    what: 'a key whose requests are slow makes progress, so that it is not parked, and delays the other keys of its lane',
    shownBy: ['a key is slow'],
    mostShown: 0.04,
    violates: [{ checks: ['keys that make no progress do not delay the others'], after: ['a key is slow'] }],
  },
  'a lane waits for the end of an alarm': {
    what: 'in an alarm no dead letter can be written and no message of a parked key moved: a lane whose window they fill, or that is renewed meanwhile, delivers nothing until the alarm ends; if its own backlog raised the alarm, never',
    shownBy: ['the backlog raises an alarm'],
    mostShown: 0.015,
    violates: [
      { checks: [DRAINED], after: ['a lane has messages to move or to bury in an alarm'] },
      { checks: ['every spool is drained in time after the faults end'], after: ['an alarm is on at the end'] },
    ],
  },
  'a lane waits for a confirm': {
    what: 'what is published while its node is cut off from the leader of a siding is lost, and never confirmed: a worker that moved it waits, with the lane, until that is renewed',
    shownBy: [...CUT_OFF, "a lane's leader changes"],
    mostShown: 0.02,
    violates: [{ checks: [DRAINED], after: ['the owner of a lane waits at the end for the confirm of a move'] }],
  },
  'copies are stranded': {
    what: 'a lane that is released while messages are on their way to a siding is taken again without them: what arrives later stays in the siding until the next takeover',
    shownBy: [
      'the backlog raises an alarm',
      'the broker blocks publishing',
      'a siding does not answer',
      'a siding has no leader',
    ],
    mostShown: 0.005,
    violates: [{ checks: [DRAINED], after: [STRANDED] }],
  },
  'a queue without a leader': {
    what: 'who consumes a queue that has no leader loses its connection after 65 s (541), and with it all other lanes',
    shownBy: ['a lane has no leader', 'a siding has no leader'],
    mostShown: 0.06,
    violates: [
      {
        checks: ['the broker closes no connection because a queue does not answer'],
        after: ['a connection is closed because a queue does not answer'],
      },
    ],
  },
  'a silent demotion': {
    what: 'a worker whose node was cut off is demoted silently: it goes on with the messages that it holds, while its successor sends them too; when it is active again, it does not look at the sidings, and gets a second time what it holds',
    shownBy: CUT_OFF,
    mostShown: 0.04,
    violates: [
      { checks: [OVERLAPPING, REPEATED, LATE, LAST_STATE], after: ['the single active consumer is demoted'] },
      { checks: [LATE, LAST_STATE], after: [ACTIVE_AGAIN] },
      { checks: [DRAINED], after: [ACTIVE_AGAIN, STRANDED] },
    ],
  },
  '0 messages are believed': {
    what: 'if a lane is taken over while one of its sidings does not answer, "0 messages" are believed: later messages overtake those in it, or it is not consumed before the next takeover',
    shownBy: [
      'a siding does not answer',
      'a siding has no leader',
      'a node is killed',
      'a node is cut off from the others',
      'a majority of the nodes is killed',
      'two nodes lose each other',
      "a lane's leader changes",
    ],
    mostShown: 0.02,
    violates: [
      { checks: [OVERLAPPING, LATE, LAST_STATE], after: [BELIEVED] },
      { checks: [DRAINED], after: [BELIEVED, STRANDED] },
    ],
  },
  'an outdated count is believed': {
    what: 'a worker that waits for a lane takes over a siding for a moment without a consumer, while the one that has the lane goes on with it: if no message is left, the worker waits for one, and the lane with it until it is renewed',
    shownBy: ['lanes are renewed often', ...CUT_OFF],
    mostShown: 0.005,
    violates: [{ checks: [DRAINED], after: ['a siding is consumed by another worker than its lane'] }],
  },
} as const satisfies Readonly<Record<string, KnownFault>>;

export type KnownFaultName = keyof typeof KNOWN_FAULTS;

/**
 * Which known faults explain that a seed fails: each problem is one that they violate, after their mechanism occurred in its
 * lane, and without what shows them the seed passes, or fails in a way that others explain. One if possible, otherwise all that
 * may be involved; none if they do not explain it.
 */
export async function explain(failed: SimulationReport): Promise<readonly KnownFaultName[]> {
  const { faults, problems } = failed;
  const shown = namesOfKnownFaults().filter(
    (name) => faults.some(({ kind }) => isShownBy(name, kind)) && problems.some(isDueTo(name, failed)),
  );
  for (const names of [...shown.map((name) => [name]), ...(shown.length > 1 ? [shown] : [])]) {
    if (!problems.every((problem) => names.some((name) => isDueTo(name, failed)(problem)))) continue;
    const rest = await runWithout(failed, names);
    if (rest.problems.length === 0) return names;
    const others = await explain(rest);
    if (others.length > 0) return [...names, ...others];
  }
  return [];
}

function runWithout({ seed, faults }: SimulationReport, names: readonly KnownFaultName[]): Promise<SimulationReport> {
  return simulate(seed, { faults: faults.filter(({ kind }) => !names.some((name) => isShownBy(name, kind))) });
}

function isShownBy(name: KnownFaultName, kind: FaultKind): boolean {
  const { shownBy }: KnownFault = KNOWN_FAULTS[name];
  return shownBy.includes(kind);
}

function isDueTo(name: KnownFaultName, { mechanisms }: Pick<SimulationReport, 'mechanisms'>) {
  const { violates }: KnownFault = KNOWN_FAULTS[name];
  return (problem: Problem): boolean =>
    violates.some(
      ({ checks, after }) =>
        checks.includes(problem.check) &&
        after.every((what) => mechanisms.some((each) => each.what === what && concerns(each, problem))),
    );
}

function concerns(mechanism: Mechanism, { lane, messages = [], evidence = [] }: Problem): boolean {
  const isOfLane = mechanism.lane === undefined || mechanism.lane === lane;
  const isOfMessages = mechanism.messages === undefined || messages.some((id) => mechanism.messages?.has(id));
  return isOfLane && isOfMessages && evidence.some(({ at }) => mechanism.at <= at);
}

function namesOfKnownFaults(): readonly KnownFaultName[] {
  const isName = (name: string): name is KnownFaultName => name in KNOWN_FAULTS;
  return Object.keys(KNOWN_FAULTS).filter(isName);
}
