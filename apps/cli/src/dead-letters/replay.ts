import {
  type BrokerLink,
  type Family,
  inOrderOfDeath,
  laneOfMessage,
  laneQueue,
  PublishError,
  replay as replayLetters,
  Sender,
} from '@pdaltagent/messaging';
import { durationOf } from '../duration';
import { Progress } from '../progress';
import { type Column, headerOf, printable, rowOf } from '../table';
import { Failure, type Terminal } from '../terminal';
import { Afterwards } from './afterwards';
import { confirmed } from './confirmation';
import { askWorkers } from './held';
import { Plan, type PlannedLetter } from './plan';
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

const COLUMNS: readonly Column[] = [
  { title: 'ACTION', width: 11 },
  { title: 'AGE', width: 6 },
  { title: 'ALERT', width: 40 },
  { title: 'KEY', width: 8 },
  { title: 'ID', width: 36 },
  { title: 'NOTE', width: 160 },
];
/** Longer lists are cut: what they would say is in `dead-letters list`. */
const LISTED = 500;

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
    printPlan(terminal, plans, letters.length);
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
  const plan = new Plan({ now: terminal.now(), withStale: stale === true, withOvertaken: overtaken === true });
  await shelf.look(({ letter }) => {
    if (selector.matches(letter)) plan.add(letter, afterwards.of(name, letter));
    else plan.leave(letter);
  });
  return plan;
}

function printPlan({ out, error }: Terminal, plans: readonly FamilyPlan[], total: number): void {
  if (total === 0) return error('no dead letters to send\n');
  out(headerOf(COLUMNS));
  const listed = plans.flatMap(({ plan }) => plan.letters.slice(0, LISTED).map((letter) => ({ plan, letter })));
  for (const { plan, letter } of listed.slice(0, LISTED)) out(rowOf(COLUMNS, cellsOf(letter, plan)));
  if (total > LISTED) out(`… and ${total - LISTED} more\n`);
  const stale = plans.reduce((sum, { plan }) => sum + plan.count('stale'), 0);
  if (stale > 0) {
    error(
      `${amount(stale)} older than an hour would open an alert whose resolve may have gone out long ago: ` +
        `${stale === 1 ? 'it stays' : 'they stay'} (--stale sends them)\n`,
    );
  }
  const overtaken = plans.reduce((sum, { plan }) => sum + plan.count('overtaken'), 0);
  if (overtaken > 0) {
    error(
      `${amount(overtaken)} would undo how the alert went on since: ` +
        `${overtaken === 1 ? 'it stays' : 'they stay'} (--overtaken sends them)\n`,
    );
  }
  const foreign = plans.reduce((sum, { plan }) => sum + plan.count('undeliverable'), 0);
  if (foreign > 0) error(`${amount(foreign)} cannot be delivered, for none of ours published them: they stay\n`);
}

function cellsOf(letter: PlannedLetter, plan: Plan): string[] {
  const { action, ageMs, alert, key, play } = letter;
  return [
    printable(action),
    ageMs === undefined ? '-' : durationOf(ageMs),
    printable(alert),
    key,
    printable(play.id),
    printable(plan.noteOf(letter)),
  ];
}

/** What waits in a lane goes out first, and may be of the same alert: the broker does not tell. */
async function warnOfLanes({ error }: Terminal, link: BrokerLink, family: Family, plan: Plan): Promise<void> {
  const lanes = new Set(plan.sent.map((message) => laneOfMessage(family, message)));
  for (const lane of lanes) {
    const state = await link.stateOf(laneQueue(family, lane));
    if (state === undefined) throw new Failure(`there is no lane ${lane}: start the services once, they declare it`);
    if (state.waiting === 0) continue;
    error(`in lane ${lane} ${state.waiting} wait already and go first; some may be of the same alerts\n`);
  }
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
