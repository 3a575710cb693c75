import { type Arrival, judge } from './arrivals';
import { CHECKS_OF_BOUNDS } from './checks-of-bounds';
import { CHECKS_OF_DELAYS } from './checks-of-delays';
import { CHECKS_OF_GATEWAYS } from './checks-of-gateways';
import { CHECKS_OF_LOSS } from './checks-of-loss';
import { CHECKS_OF_ORDER } from './checks-of-order';
import { type Evidence } from './evidence';
import { type Fault } from './faults';
import { type Limit } from './limits';
import { type Peaks } from './peaks';
import { type World } from './world';

/** What a seed has done by the end. */
export interface Outcome {
  readonly world: World;
  readonly faults: readonly Fault[];
  /** When everything was drained; undefined if it was not in time. */
  readonly drainedAt: number | undefined;
  readonly peaks: Peaks;
}

/** What violates a check. */
export interface Finding {
  readonly detail: string;
  /** The alert that it concerns. */
  readonly alert?: string;
  /** Ids of the messages that it concerns. */
  readonly messages?: readonly string[];
  /** What shows it. */
  readonly evidence?: readonly Evidence[];
}

export interface Problem extends Finding {
  readonly check: CheckName;
}

export interface Verdict {
  readonly problems: readonly Problem[];
  /** How many arrivals at PagerDuty each documented limit explains. */
  readonly limits: ReadonlyMap<Limit, number>;
}

export type Check = (outcome: Outcome & { readonly arrivals: readonly Arrival[] }) => readonly Finding[];

/** What must hold for every seed. */
const CHECKS = {
  ...CHECKS_OF_LOSS,
  ...CHECKS_OF_ORDER,
  ...CHECKS_OF_GATEWAYS,
  ...CHECKS_OF_DELAYS,
  ...CHECKS_OF_BOUNDS,
};

type OutcomeCheck = keyof typeof CHECKS;
export type CheckName =
  | OutcomeCheck
  // While it runs.
  | 'the simulation ends'
  | 'every error is handled'
  | 'no service logs a bug of its own';

const OUTCOME_CHECKS = Object.keys(CHECKS).filter((name): name is OutcomeCheck => name in CHECKS);

/** What does not hold, and what holds only because of a documented limit. */
export function judgeOutcome(outcome: Outcome): Verdict {
  const arrivals = judge(outcome.world.pagerDuty.processed.map(({ request }) => request));
  const checks: Readonly<Record<OutcomeCheck, Check>> = CHECKS;
  const problems = OUTCOME_CHECKS.flatMap((check) =>
    checks[check]({ ...outcome, arrivals }).map((finding) => ({ ...finding, check })),
  );
  const limits = new Map<Limit, number>();
  for (const { repeat, late } of arrivals)
    for (const limit of new Set([repeat?.limit, late?.limit]))
      if (limit !== undefined) limits.set(limit, (limits.get(limit) ?? 0) + 1);
  return { problems, limits };
}
