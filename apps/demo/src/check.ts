import { Ledger, waitUntil } from '@pdaltagent/testing';
import { z } from 'zod';
import { pdSendArguments, eventBody, checkPlan, type PlannedEvent } from './check-plan';
import { checkReport, type CheckResults } from './check-report';
import { Cleanups } from './cleanups';
import { type FaultName } from './options';
import { prepare } from './prepare';
import { sendOverHttp, type SendResult, sendWithPdSend } from './send';
import { rejectOnServiceExit, startSystem, type System } from './system';
import { BANNER, bold, dim, print, warn } from './terminal';
import { waitForShutdown } from './wait-for-shutdown';

/** Stops waiting if nothing new has arrived for this long. */
const QUIET_MS = 10_000;
const FIRST_FAULTY_ALERT = 7;
const eventSchema = z.object({ payload: z.object({ custom_details: z.object({ sequence: z.coerce.number() }) }) });

/** Starts everything, sends 200 events and verifies what arrived. Resolves with the exit code. */
export async function check(assumeYes: boolean, faults: readonly FaultName[]): Promise<number> {
  const cleanups = new Cleanups();
  const shutdown = waitForShutdown();
  try {
    const results = await Promise.race([shutdown, runCheck(cleanups, assumeYes, faults)]);
    if (typeof results !== 'string') return printReport(results);
    warn(`${results}: the check was interrupted`);
    return 1;
  } finally {
    await cleanups.run(warn);
  }
}

async function runCheck(cleanups: Cleanups, assumeYes: boolean, faults: readonly FaultName[]): Promise<CheckResults> {
  print(bold(BANNER));
  await prepare(assumeYes);
  const loggedErrors: string[] = [];
  const system = await startSystem({
    name: 'check',
    print: (text) => print(dim(text)),
    onWebhook: () => undefined,
    onLog: (source, line) => {
      if (line['level'] === 'error') loggedErrors.push(`${source}: ${line.message}`);
    },
    cleanups,
  });
  return Promise.race([rejectOnServiceExit(system), sendAndCollect(system, faults, loggedErrors)]);
}

async function sendAndCollect(
  system: System,
  faults: readonly FaultName[],
  loggedErrors: string[],
): Promise<CheckResults> {
  await injectFaults(system, faults);
  const plan = checkPlan();
  print(dim(`sending ${plan.flat().length} events of ${plan.length} alerts`));
  const ledger = new Ledger();
  const refused = await sendAll(system, plan, ledger);
  print(dim('waiting for the events to reach the simulated PagerDuty, and for the webhooks'));
  await waitForEvents(system, plan.flat().length - refused.length);
  const entries = await system.simulator.logEntries();
  await waitForWebhooks(system, entries.length);
  for (const { dedupKey, body } of await system.simulator.eventsAfter(0)) {
    ledger.recordDelivered(dedupKey ?? '', sequenceIn(body));
  }
  return {
    plan: plan.flat(),
    refused,
    ledger: ledger.report(),
    entries,
    webhooks: system.receiver.webhooks,
    loggedErrors,
  };
}

/** Lets the simulator apply the faults to the third event of the seventh alert, and of those after it. */
async function injectFaults({ simulator }: System, faults: readonly FaultName[]): Promise<void> {
  for (const [index, kind] of faults.entries()) {
    const dedupKey = `check-${String(FIRST_FAULTY_ALERT + index).padStart(2, '0')}`;
    await simulator.addFault({ match: { dedupKey }, effect: { kind }, skip: 2, times: 1 });
  }
}

/** Sends all alerts concurrently, the events of each one in sequence, and the last alert with pd-send. Resolves with refused events. */
async function sendAll(system: System, plan: PlannedEvent[][], ledger: Ledger): Promise<string[]> {
  const { gatewayUrl, secureGatewayUrl: url, certificate } = system;
  const send = (event: PlannedEvent, index: number): Promise<SendResult> =>
    index === plan.length - 1
      ? sendWithPdSend({ url, certificate }, pdSendArguments(event))
      : sendOverHttp(`${gatewayUrl}/v2/enqueue`, eventBody(event));
  const refused: string[] = [];
  await Promise.all(
    plan.map(async (events, index) => {
      for (const event of events) {
        ledger.recordSent(event.alert, event.sequence);
        const result = await send(event, index);
        if (result.accepted) ledger.recordAccepted(event.alert, event.sequence);
        else refused.push(`${event.alert} #${event.sequence} (${result.text})`);
      }
    }),
  );
  return refused;
}

function waitForEvents({ simulator }: System, expected: number): Promise<void> {
  let total = 0;
  return waitForCount(expected, async () => {
    const events = await simulator.eventsAfter(0);
    total = new Set(events.map(({ dedupKey, body }) => `${dedupKey} ${sequenceIn(body)}`)).size;
    return total;
  });
}

function waitForWebhooks({ receiver }: System, expected: number): Promise<void> {
  return waitForCount(expected, () => new Set(receiver.webhooks.map(({ logEntry }) => logEntry)).size);
}

/** Resolves once the count is reached, or has not increased for a while. */
async function waitForCount(expected: number, count: () => number | Promise<number>): Promise<void> {
  let highest = 0;
  let grownAt = Date.now();
  await waitUntil(
    async () => {
      const now = await count();
      if (now > highest) grownAt = Date.now();
      highest = Math.max(highest, now);
      return highest >= expected || Date.now() - grownAt > QUIET_MS;
    },
    { what: 'the events', timeoutMs: 600_000, intervalMs: 200 },
  );
}

function sequenceIn(body: string | undefined): number {
  const result = eventSchema.safeParse(body === undefined ? undefined : JSON.parse(body));
  return result.success ? result.data.payload.custom_details.sequence : NaN;
}

function printReport(results: CheckResults): number {
  const { table, failures } = checkReport(results);
  print(`\n${table}\n`);
  for (const failure of failures) warn(`FAILED  ${failure}`);
  print(failures.length === 0 ? bold(`All is well. ${BANNER}.`) : bold(`The check failed. ${BANNER}.`));
  return failures.length === 0 ? 0 : 1;
}
