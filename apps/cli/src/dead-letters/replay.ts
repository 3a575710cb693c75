import { type FactGroup } from '@pdaltagent/journal';
import { type BrokerClient, Sender } from '@pdaltagent/operations';
import { recordActions } from '../journal/record-actions';
import { Progress } from '../progress';
import { type Terminal } from '../terminal';
import { AlertProgressReader } from './alert-progress';
import { confirm } from './confirmation';
import { findHeldByWorkers } from './held-by-workers';
import { countText, reportReplay } from './outcome';
import { Plan, type PlannedReplay, staysValue } from './plan';
import { printPlan, warnOfLanes } from './plan-table';
import { type Selection, Selector } from './selection';
import { replayItems, type ReplayOutcome } from './replay-items';
import { type LaneGroupOptions, type NamedQueue, withDeadLetterQueues } from './queues';

export interface DeadLetterReplayOptions extends LaneGroupOptions {
  readonly stale?: true;
  readonly superseded?: true;
  readonly yes?: true;
  readonly json?: true;
}

interface LaneGroupPlan extends NamedQueue {
  readonly plan: Plan;
}

/**
 * Sends dead letters to their lanes again: lists them, asks for confirmation, and removes each one once the broker has
 * confirmed it.
 * @returns 0 if all of them, and every one requested by id, were sent and removed
 */
export function replay(terminal: Terminal, selection: Selection, options: DeadLetterReplayOptions): Promise<number> {
  const asking = AlertProgressReader.read(terminal);
  return withDeadLetterQueues(terminal, options, async (queues, openClient) => {
    const progressReader = await asking;
    const selector = new Selector(selection);
    const plans: LaneGroupPlan[] = [];
    for (const named of queues)
      plans.push({ ...named, plan: await planOf(terminal, named, selector, progressReader, options) });
    selector.checkKey();
    const client = await openClient();
    for (const { laneGroup, plan } of plans) plan.addHeldByWorkers(await findHeldByWorkers(client, laneGroup, plan));
    const items = plans.flatMap(({ plan }) => plan.items);
    const count = plans.reduce((sum, { plan }) => sum + idsOf(plan.sent).size, 0);
    printPlans(terminal, plans, items.length, options);
    for (const id of selector.missing) terminal.error(`no dead letter has the id ${id}\n`);
    const missed = selection.kind === 'ids' && (selector.missing.size > 0 || count < idsOf(items).size);
    const printResult = (outcome: ReplayOutcome) => {
      if (options.json) terminal.out(`${JSON.stringify(recordOf(plans, selector.missing, outcome), null, 2)}\n`);
    };
    if (count === 0) {
      printResult(NOTHING_SENT);
      return missed ? 1 : 0;
    }
    for (const { laneGroup, plan } of plans) await warnOfLanes(terminal, client, laneGroup, plan);
    if (!(await confirm(terminal, `Replay ${countText(count)}?`, options))) return 1;
    const replayed: { readonly group: FactGroup; readonly id: string }[] = [];
    const outcome = await send(terminal, plans, count, client, (group, id) => replayed.push({ group, id }));
    printResult(outcome);
    const isDone = reportReplay(terminal, count, outcome);
    await recordActions(terminal, (by) => replayed.map((one) => ({ kind: 'replayed', ...one, by })));
    return missed || !isDone ? 1 : 0;
  });
}

/** A crash may have left two copies of a dead letter: it is sent once. */
function idsOf(items: readonly PlannedReplay[]): ReadonlySet<string> {
  return new Set(items.map(({ item }) => item.id));
}

async function planOf(
  terminal: Terminal,
  { name, queue }: NamedQueue,
  selector: Selector,
  progressReader: AlertProgressReader,
  { stale, superseded }: DeadLetterReplayOptions,
) {
  const plan = new Plan({
    now: terminal.now(),
    includeStale: stale === true,
    includeSuperseded: superseded === true,
    location: 'dead letters',
  });
  await queue.visitAll(({ deadLetter: letter }) => {
    if (selector.matches(letter)) plan.add(letter, progressReader.since(name, letter));
    else plan.addUnselected(letter);
  });
  return plan;
}

function printPlans(
  { out, error }: Terminal,
  plans: readonly LaneGroupPlan[],
  total: number,
  { json }: DeadLetterReplayOptions,
): void {
  if (total === 0) return error('no dead letters to send\n');
  printPlan(
    { out: json ? () => undefined : out, error },
    plans.map(({ plan }) => plan),
    { countText },
  );
  const undeliverable = plans.reduce((sum, { plan }) => sum + plan.count('undeliverable'), 0);
  if (undeliverable > 0)
    error(`${countText(undeliverable)} cannot be delivered, because PDaltagent did not publish them: skipped\n`);
}

const NOTHING_SENT: ReplayOutcome = { sent: 0, left: [], unchecked: undefined, failure: undefined };

/** Events first, then webhooks; stops at the first failure. */
async function send(
  terminal: Terminal,
  plans: readonly LaneGroupPlan[],
  count: number,
  client: BrokerClient,
  onReplayed: (group: FactGroup, id: string) => void,
): Promise<ReplayOutcome> {
  const progress = new Progress(terminal, 'sent', count);
  const sender = await Sender.open(client);
  let all = NOTHING_SENT;
  try {
    for (const { name, laneGroup, queue, plan } of plans) {
      const { sent, left } = all;
      const items = plan.sent.map(({ item }) => item);
      const next = await replayItems({
        queue,
        sender,
        laneGroup,
        items,
        onProgress: (more, id) => {
          onReplayed(name, id);
          progress.at(sent + more);
        },
      });
      all = { ...next, sent: sent + next.sent, left: [...left, ...next.left] };
      if (all.failure !== undefined || all.unchecked !== undefined) break;
    }
    return all;
  } finally {
    progress.end();
  }
}

/** As `--json` shows it. */
function recordOf(
  plans: readonly LaneGroupPlan[],
  missing: ReadonlySet<string>,
  { sent, left, unchecked, failure }: ReplayOutcome,
) {
  const letters = plans.flatMap(({ name, plan }) =>
    plan.items.map((planned) => ({
      id: planned.item.id,
      family: name,
      action: planned.action,
      alert: planned.alert,
      key: planned.key,
      age_seconds: planned.ageMs === undefined ? null : Math.floor(planned.ageMs / 1000),
      stays: staysValue(planned.skippedBecause),
      note: plan.noteOf(planned),
    })),
  );
  // null: it is not known which of those that were sent are still dead letters.
  const known = unchecked === undefined ? left : null;
  return { sent, left: known, missing: [...missing], error: failure ?? unchecked ?? null, letters };
}
