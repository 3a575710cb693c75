import { type BrokerClient, Sender } from '@pdaltagent/messaging';
import { Progress } from '../progress';
import { type Terminal } from '../terminal';
import { Afterwards } from './alert-progress';
import { confirmed } from './confirmation';
import { askWorkers } from './held-by-workers';
import { amount, reportSending } from './outcome';
import { Plan, type PlannedLetter } from './plan';
import { printPlan, warnOfLanes } from './plan-table';
import { type Selection, Selector } from './selection';
import { sendAgain, type Sending } from './replay-items';
import { type FamilyOptions, type NamedShelf, withShelves } from './queues';

export interface ReplayOptions extends FamilyOptions {
  readonly stale?: true;
  readonly overtaken?: true;
  readonly yes?: true;
  readonly json?: true;
}

interface FamilyPlan extends NamedShelf {
  readonly plan: Plan;
}

/**
 * Sends dead letters to their lanes again: says which, asks, then removes each once the broker has confirmed it.
 * @returns 0 if all of them, and every letter that was asked for by its id, are on their way and no longer dead letters
 */
export function replay(terminal: Terminal, selection: Selection, options: ReplayOptions): Promise<number> {
  const asking = Afterwards.ask(terminal);
  return withShelves(terminal, options, async (shelves, openLink) => {
    const afterwards = await asking;
    const selector = new Selector(selection);
    const plans: FamilyPlan[] = [];
    for (const named of shelves)
      plans.push({ ...named, plan: await planOf(terminal, named, selector, afterwards, options) });
    selector.checkKey();
    const link = await openLink();
    for (const { family, plan } of plans) plan.hold(await askWorkers(link, family, plan));
    const letters = plans.flatMap(({ plan }) => plan.letters);
    const count = plans.reduce((sum, { plan }) => sum + idsOf(plan.sent).size, 0);
    printPlans(terminal, plans, letters.length, options);
    for (const id of selector.missing) terminal.error(`no dead letter has the id ${id}\n`);
    const missed = selection.kind === 'ids' && (selector.missing.size > 0 || count < idsOf(letters).size);
    const tell = (sending: Sending) => {
      if (options.json) terminal.out(`${JSON.stringify(recordOf(plans, selector.missing, sending), null, 2)}\n`);
    };
    if (count === 0) {
      tell(NOTHING_SENT);
      return missed ? 1 : 0;
    }
    for (const { family, plan } of plans) await warnOfLanes(terminal, link, family, plan);
    if (!(await confirmed(terminal, `Send ${amount(count)} again?`, options))) return 1;
    const sending = await send(terminal, plans, count, link);
    tell(sending);
    const isDone = reportSending(terminal, count, sending);
    return missed || !isDone ? 1 : 0;
  });
}

/** A crash may have left two copies of a letter: it is sent once. */
function idsOf(letters: readonly PlannedLetter[]): ReadonlySet<string> {
  return new Set(letters.map(({ play }) => play.id));
}

async function planOf(
  terminal: Terminal,
  { name, shelf }: NamedShelf,
  selector: Selector,
  afterwards: Afterwards,
  { stale, overtaken }: ReplayOptions,
) {
  const plan = new Plan({
    now: terminal.now(),
    withStale: stale === true,
    withOvertaken: overtaken === true,
    place: 'dead',
  });
  await shelf.look(({ letter }) => {
    if (selector.matches(letter)) plan.add(letter, afterwards.of(name, letter));
    else plan.leave(letter);
  });
  return plan;
}

function printPlans(
  { out, error }: Terminal,
  plans: readonly FamilyPlan[],
  total: number,
  { json }: ReplayOptions,
): void {
  if (total === 0) return error('no dead letters to send\n');
  printPlan(
    { out: json ? () => undefined : out, error },
    plans.map(({ plan }) => plan),
    { amount },
  );
  const foreign = plans.reduce((sum, { plan }) => sum + plan.count('undeliverable'), 0);
  if (foreign > 0) error(`${amount(foreign)} cannot be delivered, for none of ours published them: they stay\n`);
}

const NOTHING_SENT: Sending = { sent: 0, left: [], failure: undefined };

/** One family after the other, until one fails. */
async function send(
  terminal: Terminal,
  plans: readonly FamilyPlan[],
  count: number,
  link: BrokerClient,
): Promise<Sending> {
  const progress = new Progress(terminal, 'sent', count);
  const sender = await Sender.open(link);
  let all = NOTHING_SENT;
  try {
    for (const { family, shelf, plan } of plans) {
      const { sent, left } = all;
      const plays = plan.sent.map(({ play }) => play);
      const next = await sendAgain({ shelf, sender, family, plays, progress: (more) => progress.at(sent + more) });
      all = { sent: sent + next.sent, left: [...left, ...next.left], failure: next.failure };
      if (all.failure !== undefined) break;
    }
    return all;
  } finally {
    progress.end();
  }
}

/** As `--json` shows it. */
function recordOf(plans: readonly FamilyPlan[], missing: ReadonlySet<string>, { sent, left, failure }: Sending) {
  const letters = plans.flatMap(({ name, plan }) =>
    plan.letters.map((letter) => ({
      id: letter.play.id,
      family: name,
      action: letter.action,
      alert: letter.alert,
      key: letter.key,
      age_seconds: letter.ageMs === undefined ? null : Math.floor(letter.ageMs / 1000),
      stays: letter.stays ?? null,
      note: plan.noteOf(letter),
    })),
  );
  return { sent, left, missing: [...missing], error: failure ?? null, letters };
}
