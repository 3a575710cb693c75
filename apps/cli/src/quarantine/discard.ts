import { confirmed, requireYes } from '../dead-letters/confirmation';
import { type Selection, Selector } from '../dead-letters/selection';
import { type Terminal } from '../terminal';
import { countText, eventsIn, openForChange, quarantineSummary } from './folder';

export interface DiscardOptions {
  readonly yes?: true;
  readonly json?: true;
}

/** Removes events permanently, after confirmation. @returns 0 if all requested ones were removed */
export async function discard(terminal: Terminal, selection: Selection, options: DiscardOptions): Promise<number> {
  const { error } = terminal;
  requireYes(terminal, options);
  const quarantine = await openForChange(terminal);
  const selector = new Selector(selection);
  const toDiscard: string[] = [];
  for await (const event of eventsIn(quarantine)) if (selector.matches(event)) toDiscard.push(event.id);
  selector.checkKey();
  for (const id of selector.missing) error(`no event in the quarantine has the id ${id}\n`);
  const missed = selector.missing.size > 0 ? 1 : 0;
  const printResult = (discarded: number, left: readonly string[]) => {
    if (!options.json) return;
    terminal.out(`${JSON.stringify({ discarded, left, missing: [...selector.missing] }, null, 2)}\n`);
  };
  if (toDiscard.length === 0) {
    error('no events to discard\n');
    printResult(0, []);
    return missed;
  }
  if (!(await confirmed(terminal, `Discard ${countText(toDiscard.length)} permanently?`, options))) return 1;
  for (const id of toDiscard) await quarantine.remove(id);
  const left = new Set((await quarantine.list()).map(({ id }) => id));
  const notRemoved = toDiscard.filter((id) => left.has(id));
  for (const id of notRemoved) error(`${id} is in the quarantine again\n`);
  error(`${countText(toDiscard.length - notRemoved.length)} discarded; ${quarantineSummary(left.size)}\n`);
  printResult(toDiscard.length - notRemoved.length, notRemoved);
  return notRemoved.length > 0 ? 1 : missed;
}
