import { type AppProcess, waitUntil } from '@pdaltagent/testing';
import { type PrivateRelay, type Relay } from './relay.fixture';
import { routingKeys, Traffic } from './traffic.fixture';

const EVENTS_PER_ALERT = 20;
/** With 20 events each: 20,000 events. */
export const ALERTS = 1_000;
export const KEYS: readonly string[] = routingKeys(40);
/** Time limit for a whole scenario, on a busy machine. */
export const SCENARIO_MS = 900_000;
/** Time limit for one step. */
export const STEP_MS = 240_000;

/** Evidence that a fault had an effect: every number must be above 0. */
export type FaultEvidence = Readonly<Record<string, number | readonly number[]>>;

/**
 * Injects and removes a fault while 20,000 events are sent, and checks the ledger once the queues are empty: no event was
 * lost, no alert's events arrived out of order, and none was replayed after a later one. Prints one line of figures.
 */
export async function survivesFault(
  relay: PrivateRelay,
  name: string,
  fault: (traffic: Traffic) => Promise<FaultEvidence>,
): Promise<void> {
  const traffic = new Traffic({
    gatewayUrl: relay.gatewayUrl,
    simulatorUrl: relay.simulatorUrl,
    alerts: ALERTS,
    eventsPerAlert: EVENTS_PER_ALERT,
    routingKeys: KEYS,
    senders: 32,
    prefix: name,
  });
  try {
    const proof = await fault(traffic);
    await traffic.delivered(STEP_MS);
    // What is still queued is a repeat; it arrives before the queues are empty.
    const { dead } = await waitForQueues(relay, 'empty', ({ queued }) => queued === 0);
    await traffic.collect();
    const report = traffic.ledger.report();
    printFigures(name, {
      accepted: report.accepted,
      arrived: report.delivered,
      duplicates: report.duplicates.length,
      replays: report.replays.length,
      ...proof,
    });
    expect({ ...report, dead }).toMatchObject({
      accepted: ALERTS * EVENTS_PER_ALERT,
      lost: [],
      dead: 0,
      unexpected: [],
      inversions: [],
      replays: [],
    });
    for (const [what, figures] of Object.entries(proof)) {
      expect([what, [figures].flat().every((figure) => figure > 0)]).toEqual([what, true]);
    }
  } catch (error) {
    const waiting = [...(await relay.broker.messages())].filter(([, messages]) => messages > 0);
    printFigures(`${name} failed; in the queues`, Object.fromEntries(waiting));
    for (const worker of relay.workers) process.stdout.write(`${worker.lastLines(30)}\n`);
    throw error;
  } finally {
    traffic.end();
    for (const worker of relay.workers.splice(0)) await worker.stop();
    await relay.control('POST', '/reset');
  }
}

/** Prints a line of figures, indented like the test runner's output. */
export function printFigures(name: string, figures: FaultEvidence): void {
  const texts = Object.entries(figures).map(([what, figure]) => `${what} ${[figure].flat().join('+')}`);
  process.stdout.write(`  ${name}: ${texts.join(', ')}\n`);
}

/** Waits for a state of the queues: `queued` is the number of messages in lanes and sidings, including unacknowledged ones. */
export async function waitForQueues(
  relay: PrivateRelay,
  what: string,
  isReached: (state: { readonly queued: number; readonly dead: number }) => boolean | Promise<boolean>,
): Promise<{ readonly queued: number; readonly dead: number }> {
  let state = { queued: NaN, dead: NaN };
  return waitUntil(
    async () => {
      state = await relay.queued();
      return (await isReached(state)) && state;
    },
    { what: `the queues to be ${what}`, timeoutMs: STEP_MS, intervalMs: 500 },
  ).catch((error: unknown) => {
    throw new Error(`${String(error)} (${JSON.stringify(state)})`);
  });
}

/** The value of an app's metric. */
export async function metric(app: AppProcess, name: string): Promise<number> {
  const text = await (await fetch(`${app.url}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\d+)`, 'm').exec(text)?.[1] ?? 0);
}

/** Waits until an app's metric satisfies the condition, and resolves with its value. */
export function waitForMetric(app: AppProcess, name: string, isReached: (value: number) => boolean): Promise<number> {
  return waitUntil(() => metric(app, name).then((value) => isReached(value) && value), {
    what: `${name} of the ${app.name}`,
    timeoutMs: STEP_MS,
  });
}

/** Waits until the worker holds at least 20 unacknowledged events, and resolves with their number. */
export function waitForHeldEvents(worker: AppProcess): Promise<number> {
  return waitForMetric(worker, 'pdaltagent_held', (held) => held >= 20);
}

/**
 * Delays PagerDuty's responses for a ninth of the alerts, so that workers hold events until `endSlowResponses`, however fast they
 * are: an alert of 20 events takes 100 s.
 */
export async function startSlowResponses(relay: Relay, { prefix }: Traffic): Promise<void> {
  const match = { dedupKey: `${prefix}-1*` };
  await relay.control('POST', '/faults', { id: 'slow', match, effect: { kind: 'latency', ms: 5_000 } });
}

export async function endSlowResponses(relay: Relay): Promise<void> {
  await relay.control('DELETE', '/faults/slow');
}
