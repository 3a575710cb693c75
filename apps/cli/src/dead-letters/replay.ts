import { type BrokerLink, inOrderOfDeath, PublishError, replay as replayLetters, Sender } from '@pdaltagent/messaging';
import { Progress } from '../progress';
import { Failure, type Terminal } from '../terminal';
import { Afterwards } from './afterwards';
import { confirmed } from './confirmation';
import { askWorkers } from './held';
import { Plan } from './plan';
import { printPlan, warnOfLanes } from './plan-table';
import { type Selection, Selector } from './selection';
import { type FamilyOptions, type NamedShelf, withShelves } from './shelves';

export interface ReplayOptions extends FamilyOptions {
  readonly stale?: true;
  readonly overtaken?: true;
  readonly yes?: true;
}

interface FamilyPlan extends NamedShelf {
  readonly plan: Plan;
}

/**
 * Sends dead letters to their lanes again: says which, asks, then removes each once the broker has confirmed it.
 * @returns 0 when every letter that was asked for by its id is on its way
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
    const count = letters.filter(({ stays }) => stays === undefined).length;
    printPlans(terminal, plans, letters.length);
    for (const id of selector.missing) terminal.error(`no dead letter has the id ${id}\n`);
    const missed = selection.kind === 'ids' && (selector.missing.size > 0 || count < letters.length);
    if (count === 0) return missed ? 1 : 0;

    for (const { family, plan } of plans) await warnOfLanes(terminal, link, family, plan);
    if (!(await confirmed(terminal, `Send ${amount(count)} again?`, options))) return 1;
    const sent = await send(terminal, plans, count, link);
    terminal.error(`${sent} of ${amount(count)} sent again\n`);
    return missed ? 1 : 0;
  });
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

function printPlans(terminal: Terminal, plans: readonly FamilyPlan[], total: number): void {
  if (total === 0) return terminal.error('no dead letters to send\n');
  printPlan(
    terminal,
    plans.map(({ plan }) => plan),
    { amount },
  );
  const foreign = plans.reduce((sum, { plan }) => sum + plan.count('undeliverable'), 0);
  if (foreign > 0)
    terminal.error(`${amount(foreign)} cannot be delivered, for none of ours published them: they stay\n`);
}

async function send(terminal: Terminal, plans: readonly FamilyPlan[], count: number, link: BrokerLink) {
  const progress = new Progress(terminal, 'sent', count);
  const sender = await Sender.open(link);
  let before = 0;
  try {
    for (const { family, shelf, plan } of plans) {
      const plays = inOrderOfDeath(plan.sent.map(({ play }) => play));
      const start = before;
      const told = (sent: number) => progress.at((before = start + sent));
      await replayLetters({ shelf, sender, family, plays, progress: told });
    }
    return before;
  } catch (error) {
    progress.end();
    if (!(error instanceof Error)) throw error;
    const what = error instanceof PublishError ? `the broker did not take a message: ${error.message}` : error.message;
    throw new Failure(`stopped after ${before} of ${amount(count)}; no letter is lost, the rest stays: ${what}`);
  } finally {
    progress.end();
  }
}

function amount(count: number): string {
  return `${count} dead ${count === 1 ? 'letter' : 'letters'}`;
}
