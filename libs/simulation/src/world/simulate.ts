import { delay } from '@pdaltagent/clock';
import { VirtualClock } from '../virtual-clock';
import { nameOf } from './event';
import { inject } from './fault-effects';
import { type Fault, faultsOf, FAULTS_UNTIL_MS } from './faults';
import { DRAIN_MS, problemsIn, laneQueues, type Problem } from './oracle';
import { ALERTS_PER_KEY, KEYS, World } from './world';

export interface SimulationReport {
  readonly seed: number;
  readonly faults: readonly Fault[];
  readonly problems: readonly Problem[];
  readonly accepted: number;
  readonly steps: number;
  /** Empty unless it was requested. */
  readonly trace: readonly string[];
}

export interface SimulateOptions {
  /** Other faults than those of the seed. */
  readonly faults?: readonly Fault[];
  readonly isTracing?: boolean;
}

/** Senders go on for a while after the last fault. */
const SEND_UNTIL_MS = FAULTS_UNTIL_MS + 5_000;
const CHECK_MS = 500;

/** Runs the world of a seed until it is drained, and checks it. The same seed and faults always do the same. */
export async function simulate(seed: number, options: SimulateOptions = {}): Promise<SimulationReport> {
  const { faults = faultsOf(seed), isTracing = false } = options;
  const world = new World(seed, isTracing);
  const { scheduler } = world;
  inject(world, faults);
  world.start();
  const problems: Problem[] = [];
  let drainedAt: number | undefined;
  try {
    drainedAt = await scheduler.run(run(world));
  } catch (error) {
    problems.push({ check: 'the simulation ends', detail: error instanceof Error ? error.message : String(error) });
  }
  problems.push(...problemsIn({ world, faults, drainedAt }));
  const { trace, steps } = scheduler;
  return { seed, faults, problems, accepted: world.senders.accepted.size, steps, trace };
}

/** @returns when everything was drained; undefined if it was not in time */
async function run(world: World): Promise<number | undefined> {
  const { scheduler, gateways, senders } = world;
  const clock = new VirtualClock(scheduler, 'simulation');
  let areSendersDone = false;
  const sending = senders.run(gateways, { keys: KEYS, alertsPerKey: ALERTS_PER_KEY, untilMs: SEND_UNTIL_MS });
  void sending.then(() => (areSendersDone = true));
  while (scheduler.now < SEND_UNTIL_MS + DRAIN_MS) {
    await delay(clock, CHECK_MS);
    if (areSendersDone && isDrained(world)) return scheduler.now;
  }
  return undefined;
}

function isDrained({ broker, gateways, senders, pagerDuty }: World): boolean {
  if (gateways.some(({ spooled }) => spooled > 0)) return false;
  if (laneQueues().some((name) => broker.messagesIn(name).length > 0)) return false;
  const processed = new Set(pagerDuty.processed.map(({ event }) => nameOf(event)));
  return [...senders.accepted.values()].every(
    ({ event }) => event.poison !== undefined || processed.has(nameOf(event)),
  );
}
