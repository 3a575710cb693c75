import { delay } from '@pdaltagent/clock';
import { VirtualClock } from '../virtual-clock';
import { drainDeadlineOf, SEND_UNTIL_MS } from './drain-deadline';
import { type Evidence } from './evidence';
import { inject } from './fault-effects';
import { type Fault } from './faults';
import { type Limit } from './limits';
import { faultsOf } from './faults-of-seed';
import { type CheckName, judgeOutcome, type Problem } from './oracle';
import { Peaks } from './peaks';
import { canBeDelivered, delivered, laneQueues } from './places';
import { UnhandledErrors } from './unhandled-errors';
import { KEYS, World } from './world';

export interface SimulationReport {
  readonly seed: number;
  readonly faults: readonly Fault[];
  readonly hasJournal: boolean;
  readonly problems: readonly Problem[];
  /** How many arrivals at PagerDuty each documented limit explains. */
  readonly limits: ReadonlyMap<Limit, number>;
  readonly accepted: number;
  readonly steps: number;
  /** Empty unless it was requested. */
  readonly trace: readonly string[];
}

export interface SimulateOptions {
  /** Other faults than those of the seed. */
  readonly faults?: readonly Fault[];
  readonly isTracing?: boolean;
  /** Whether gateways and workers write what happens into the journal: default no. */
  readonly hasJournal?: boolean;
}

/** Not in step with what repeats every second, of which something might be under way at each check. */
const CHECK_MS = 487;
/** A drained world goes on for this long: what happens after all is judged, too. */
const AFTER_MS = 30_000;
/** And then until nothing is under way, which must not take longer than this. */
const SETTLE_MS = 30_000;

/** Runs the world of a seed until it is drained, and checks it. The same seed and faults always do the same. */
export async function simulate(seed: number, options: SimulateOptions = {}): Promise<SimulationReport> {
  const { faults = faultsOf(seed), isTracing = false, hasJournal = false } = options;
  const world = new World(seed, isTracing, hasJournal);
  const { scheduler } = world;
  inject(world, faults);
  world.start();
  const problems: Problem[] = [];
  const unhandled = new UnhandledErrors(() => scheduler.now);
  unhandled.start();
  const peaks = new Peaks(world);
  let drainedAt: number | undefined;
  try {
    drainedAt = await scheduler.run(run(world, peaks, drainDeadlineOf(faults, world.pagerDuty.rate)));
  } catch (error) {
    problems.push({ check: 'the simulation ends', detail: error instanceof Error ? error.message : String(error) });
  } finally {
    unhandled.stop();
  }
  for (const error of unhandled.errors) problems.push(problemOf('every error is handled', error));
  for (const bug of scheduler.bugs) problems.push(problemOf('no service logs a bug of its own', bug));
  const verdict = judgeOutcome({ world, faults, drainedAt, peaks });
  problems.push(...verdict.problems);
  const { trace, steps } = scheduler;
  const { limits } = verdict;
  return { seed, faults, hasJournal, problems, limits, accepted: world.senders.accepted.length, steps, trace };
}

function problemOf(check: CheckName, { at, text }: Evidence): Problem {
  const [line = ''] = text.split('\n');
  return { check, detail: text, evidence: [{ at, text: line }] };
}

/** Runs until everything is drained, or should be. @returns when it was drained; undefined if it was not in time */
async function run(world: World, peaks: Peaks, deadline: number): Promise<number | undefined> {
  const { scheduler, gateways, senders } = world;
  const clock = new VirtualClock(scheduler, 'simulation');
  let areSendersDone = false;
  let areAllDelivered = false;
  let drainedAt: number | undefined;
  const sending = senders.run(gateways, { keys: KEYS, untilMs: SEND_UNTIL_MS });
  void sending.then(() => (areSendersDone = true));
  while (scheduler.now < (drainedAt === undefined ? deadline : drainedAt + AFTER_MS + SETTLE_MS)) {
    await delay(clock, CHECK_MS);
    peaks.sample();
    if (!areSendersDone || isAnyUnderWay(world)) continue;
    // Once the senders are done that remains so.
    areAllDelivered ||= isEachDelivered(world);
    if (!areAllDelivered) continue;
    drainedAt ??= scheduler.now;
    if (scheduler.now >= drainedAt + AFTER_MS) return drainedAt;
  }
  return undefined;
}

/** Whether something is under way that could still arrive. */
function isAnyUnderWay(world: World): boolean {
  if (world.gateways.some(({ spooled }) => spooled > 0)) return true;
  if (world.pagerDuty.requests.areAnyUnderWay || world.broker.isBusy) return true;
  return laneQueues().some((name) => world.broker.messagesIn(name).length > 0);
}

function isEachDelivered(world: World): boolean {
  const arrived = delivered(world);
  const canArrive = canBeDelivered(world);
  return !world.senders.accepted.some((accepted) => !arrived.has(accepted.id) && canArrive(accepted));
}
