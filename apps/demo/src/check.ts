import { Ledger, waitUntil } from '@pdaltagent/testing';
import { z } from 'zod';
import { argumentsOf, bodyOf, planOfCheck, type PlannedEvent } from './check-plan';
import { checkReport, type Verdict } from './check-report';
import { Cleanups } from './cleanups';
import { type FaultName } from './options';
import { prepare } from './prepare';
import { type Answer, sendByCommand, sendByHttp } from './send';
import { someServiceEnds, startSystem, type System } from './system';
import { BANNER, bold, dim, say, warn } from './terminal';
import { toldToEnd } from './wait-for-shutdown';

/** So long without anything new, and what is missing will not come. */
const QUIET_MS = 10_000;
const eventBody = z.object({ payload: z.object({ custom_details: z.object({ sequence: z.coerce.number() }) }) });

/** Brings everything up, sends 200 events and judges what arrived. Resolves with the exit code. */
export async function check(agreed: boolean, fault: FaultName | undefined): Promise<number> {
  const cleanups = new Cleanups();
  const told = toldToEnd();
  try {
    const verdict = await Promise.race([told, checking(cleanups, agreed, fault)]);
    if (typeof verdict !== 'string') return tell(verdict);
    warn(`${verdict}: the check was ended`);
    return 1;
  } finally {
    await cleanups.run(warn);
  }
}

async function checking(cleanups: Cleanups, agreed: boolean, fault: FaultName | undefined): Promise<Verdict> {
  say(bold(BANNER));
  await prepare(agreed);
  const troubles: string[] = [];
  const system = await startSystem({
    name: 'check',
    say: (text) => say(dim(text)),
    onWebhook: () => undefined,
    onLog: (source, line) => {
      if (line['level'] === 'error') troubles.push(`${source}: ${line.message}`);
    },
    cleanups,
  });
  return Promise.race([someServiceEnds(system), judging(system, fault, troubles)]);
}

async function judging(system: System, fault: FaultName | undefined, troubles: string[]): Promise<Verdict> {
  if (fault !== undefined) await injectFault(system, fault);
  const plan = planOfCheck();
  say(dim(`sending ${plan.flat().length} events of ${plan.length} alerts`));
  const ledger = new Ledger();
  const refused = await sendAll(system, plan, ledger);
  say(dim('waiting for the events at the simulated PagerDuty, and for the webhooks'));
  await arrivedOrQuiet(system, plan.flat().length - refused.length);
  const entries = await system.simulator.logEntries();
  await webhooksOrQuiet(system, entries.length);
  for (const { dedupKey, body } of await system.simulator.arrivalsAfter(0)) {
    ledger.delivered(dedupKey ?? '', sequenceIn(body));
  }
  return { plan: plan.flat(), refused, ledger: ledger.report(), entries, webhooks: system.receiver.webhooks, troubles };
}

/** The simulator does it to the third event of the seventh alert. */
async function injectFault({ simulator }: System, kind: FaultName): Promise<void> {
  await simulator.addFault({ match: { dedupKey: 'check-07' }, effect: { kind }, skip: 2, times: 1 });
}

/** Sends all alerts side by side, the events of each one after another; the last alert by pd-send. Resolves with what was refused. */
async function sendAll(system: System, plan: PlannedEvent[][], ledger: Ledger): Promise<string[]> {
  const { gatewayUrl, secureGatewayUrl: url, certificate } = system;
  const send = (event: PlannedEvent, index: number): Promise<Answer> =>
    index === plan.length - 1
      ? sendByCommand({ url, certificate }, argumentsOf(event))
      : sendByHttp(`${gatewayUrl}/v2/enqueue`, bodyOf(event));
  const refused: string[] = [];
  await Promise.all(
    plan.map(async (events, index) => {
      for (const event of events) {
        ledger.sent(event.alert, event.sequence);
        const answer = await send(event, index);
        if (answer.accepted) ledger.accepted(event.alert, event.sequence);
        else refused.push(`${event.alert} #${event.sequence} (${answer.text})`);
      }
    }),
  );
  return refused;
}

function arrivedOrQuiet({ simulator }: System, expected: number): Promise<void> {
  let total = 0;
  return completeOrQuiet(expected, async () => {
    const arrivals = await simulator.arrivalsAfter(0);
    total = new Set(arrivals.map(({ dedupKey, body }) => `${dedupKey} ${sequenceIn(body)}`)).size;
    return total;
  });
}

function webhooksOrQuiet({ receiver }: System, expected: number): Promise<void> {
  return completeOrQuiet(expected, () => new Set(receiver.webhooks.map(({ logEntry }) => logEntry)).size);
}

/** Resolves when the count is reached, or when it has not grown for a while. */
async function completeOrQuiet(expected: number, count: () => number | Promise<number>): Promise<void> {
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
  const result = eventBody.safeParse(body === undefined ? undefined : JSON.parse(body));
  return result.success ? result.data.payload.custom_details.sequence : NaN;
}

function tell(verdict: Verdict): number {
  const { table, failures } = checkReport(verdict);
  say(`\n${table}\n`);
  for (const failure of failures) warn(`FAILED  ${failure}`);
  say(failures.length === 0 ? bold(`All is well. ${BANNER}.`) : bold(`The check failed. ${BANNER}.`));
  return failures.length === 0 ? 0 : 1;
}
