import { EVENTS, laneKey, laneOfMessage, PublishError, toProperties } from '@pdaltagent/messaging';
import { BrokerClient, BrokerUnavailable, SequentialSender } from '@pdaltagent/operations';
import { brokerOf, brokerVariables, maskSecrets, readConfiguration } from '@pdaltagent/service';
import { type Quarantine } from '@pdaltagent/spool';
import { type ProgressSince } from '../dead-letters/alert-progress';
import { confirm } from '../dead-letters/confirmation';
import { findHeldByWorkers } from '../dead-letters/held-by-workers';
import { Plan, type PlannedReplay, staysValue } from '../dead-letters/plan';
import { printPlan, warnOfLanes } from '../dead-letters/plan-table';
import { type Selection, Selector } from '../dead-letters/selection';
import { recordActions } from '../journal/record-actions';
import { Progress } from '../progress';
import { singleLine } from '../table';
import { type Terminal } from '../terminal';
import { eventOf, type QuarantinedEvent } from './event';
import { countText, eventsIn, openForChange, quarantineSummary, reasonOf } from './folder';

export interface QuarantineReplayOptions {
  readonly stale?: true;
  readonly superseded?: true;
  readonly yes?: true;
  readonly json?: true;
}

/** The outcome of a replay. */
interface Outcome {
  readonly sent: Set<string>;
  /** By id: why the broker refused it, or why AMQP cannot encode it. */
  readonly refused: Map<string, string>;
  /** Why it stopped early. */
  failure: string | undefined;
}

/**
 * Sends events to their lanes again, one after another: lists them, asks for confirmation, and removes each one once the
 * broker has confirmed it.
 * @returns 0 if every event requested by id was sent, and none was refused
 */
export async function replay(
  terminal: Terminal,
  selection: Selection,
  options: QuarantineReplayOptions,
): Promise<number> {
  const { error, environment } = terminal;
  const broker = brokerOf(readConfiguration(brokerVariables, environment));
  const quarantine = await openForChange(terminal);
  const selector = new Selector(selection);
  const { plan, unreadable } = await planOf(terminal, quarantine, selector, options);
  selector.checkKey();
  if (plan.items.length === 0) error('no events to send\n');
  const client = await BrokerClient.open({ ...broker, name: 'pdaltagent command' });
  try {
    plan.addHeldByWorkers(await findHeldByWorkers(client, EVENTS, plan));
    const { out } = terminal;
    if (plan.items.length > 0) {
      const table = { out: options.json ? () => undefined : out, error };
      printPlan(table, [plan], { countText, whyUndeliverable: (id) => unreadable.get(id) });
    }
    const printResult = (outcome: Outcome) => {
      if (options.json) out(`${JSON.stringify(recordOf(plan, unreadable, selector.missing, outcome), null, 2)}\n`);
    };
    const count = plan.sent.length;
    for (const id of selector.missing) error(`no event in the quarantine has the id ${id}\n`);
    const missed = selection.kind === 'ids' && (selector.missing.size > 0 || count < plan.items.length);
    if (count === 0) {
      printResult({ sent: new Set(), refused: new Map(), failure: undefined });
      return missed ? 1 : 0;
    }
    await warnOfLanes(terminal, client, EVENTS, plan);
    if (!(await confirm(terminal, `Replay ${countText(count)}?`, options))) return 1;
    const outcome = await send(terminal, quarantine, plan, client);
    printResult(outcome);
    const isDone = await report(terminal, quarantine, count, outcome);
    await recordActions(terminal, (by) =>
      [...outcome.sent].map((id) => ({ kind: 'replayed', group: 'events', id, by })),
    );
    return missed || !isDone ? 1 : 0;
  } finally {
    await client.close();
  }
}

async function planOf(
  terminal: Terminal,
  quarantine: Quarantine,
  selector: Selector,
  { stale, superseded }: QuarantineReplayOptions,
) {
  const plan = new Plan({
    now: terminal.now(),
    includeStale: stale === true,
    includeSuperseded: superseded === true,
    location: 'quarantine',
  });
  const unreadable = new Map<string, string>();
  for await (const event of eventsIn(quarantine)) {
    if (event.unreadable !== undefined) unreadable.set(event.id, event.unreadable);
    if (selector.matches(event)) plan.add(event, progressOf(event));
    else plan.addUnselected(event);
  }
  return { plan, unreadable };
}

/** Workers do not record the alerts of events that were never published; a change event has no alert. */
function progressOf({ message }: QuarantinedEvent): ProgressSince {
  return message !== undefined && message.orderKey === message.id ? { kind: 'none' } : { kind: 'unknown' };
}

/** Sorted by time of acceptance, so that each alert's events stay in order. */
function inOrder(items: readonly PlannedReplay[]): PlannedReplay[] {
  return [...items].sort((a, b) => (a.acceptedAt ?? 0) - (b.acceptedAt ?? 0));
}

/** Sends one after another; stops if the broker is unreachable, blocked, or has no lanes. */
async function send(terminal: Terminal, quarantine: Quarantine, plan: Plan, client: BrokerClient): Promise<Outcome> {
  const outcome: Outcome = { sent: new Set(), refused: new Map(), failure: undefined };
  const planned = inOrder(plan.sent);
  const progress = new Progress(terminal, 'sent', planned.length);
  const sender = new SequentialSender(client);
  try {
    for (const { item } of planned) {
      await sendOne(quarantine, item.id, sender, outcome, terminal.now());
      progress.at(outcome.sent.size);
    }
  } catch (error) {
    const isOfBroker = error instanceof PublishError || error instanceof BrokerUnavailable;
    outcome.failure = isOfBroker ? `the broker did not accept an event: ${error.message}` : reasonOf(error);
  } finally {
    progress.end();
  }
  return outcome;
}

async function sendOne(
  quarantine: Quarantine,
  id: string,
  sender: SequentialSender,
  { sent, refused }: Outcome,
  now: number,
): Promise<void> {
  const entry = await quarantine.read(id);
  const message = entry && eventOf(entry).message;
  // It was removed meanwhile.
  if (message === undefined) return;
  const lane = laneKey(laneOfMessage(EVENTS, message));
  // Its age starts again; otherwise an old event would expire immediately.
  const originalReceivedAt = message.originalReceivedAt ?? message.receivedAt;
  const properties = toProperties({ ...message, receivedAt: now, originalReceivedAt });
  const result = await sender.send(EVENTS.exchange, lane, message.body, properties);
  if (result.kind === 'confirmed') {
    sent.add(id);
    await quarantine.remove(id);
  } else refused.set(id, `${result.kind}: ${result.reason}`);
}

/** Checks the quarantine again and reports the result. @returns whether everything was sent */
async function report(
  { error }: Terminal,
  quarantine: Quarantine,
  count: number,
  { sent, refused, failure }: Outcome,
): Promise<boolean> {
  const left = new Set((await quarantine.list()).map(({ id }) => id));
  for (const [id, reason] of refused) error(`${id} was not sent: ${singleLine(maskSecrets(reason))}\n`);
  const returned = [...sent].filter((id) => left.has(id));
  for (const id of returned) error(`${id} was sent, but is in the quarantine again\n`);
  if (failure === undefined) error(`${sent.size} of ${countText(count)} replayed; ${quarantineSummary(left.size)}\n`);
  else
    error(
      `stopped after ${sent.size} of ${countText(count)}; none is lost, those that were not sent are still in the quarantine: ${failure}\n`,
    );
  return failure === undefined && refused.size === 0 && returned.length === 0;
}

/** As `--json` shows it. */
function recordOf(
  plan: Plan,
  unreadable: ReadonlyMap<string, string>,
  missing: ReadonlySet<string>,
  { sent, refused, failure }: Outcome,
) {
  const events = plan.items.map(({ item: { id }, action, alert, key, ageMs, skippedBecause }) => ({
    id,
    action,
    alert,
    key,
    age_seconds: ageMs === undefined ? null : Math.floor(ageMs / 1000),
    stays: unreadable.get(id) ?? staysValue(skippedBecause),
    sent: sent.has(id),
    refused: refused.get(id) ?? null,
  }));
  return { sent: sent.size, missing: [...missing], error: failure ?? null, events };
}
