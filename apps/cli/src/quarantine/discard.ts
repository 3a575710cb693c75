import { confirmed, demandYes } from '../dead-letters/confirmation';
import { type Selection, Selector } from '../dead-letters/selection';
import { type Terminal } from '../terminal';
import { amount, contentOf, eventsIn, openToChange } from './folder';

export interface DiscardOptions {
  readonly yes?: true;
  readonly json?: true;
}

/** Removes events for good, after asking. @returns 0 if every event that was asked for is gone */
export async function discard(terminal: Terminal, selection: Selection, options: DiscardOptions): Promise<number> {
  const { error } = terminal;
  demandYes(terminal, options);
  const quarantine = await openToChange(terminal);
  const selector = new Selector(selection);
  const doomed: string[] = [];
  for await (const event of eventsIn(quarantine)) if (selector.matches(event)) doomed.push(event.id);
  selector.checkKey();
  for (const id of selector.missing) error(`no event in the quarantine has the id ${id}\n`);
  const missed = selector.missing.size > 0 ? 1 : 0;
  const tell = (discarded: number, left: readonly string[]) => {
    if (!options.json) return;
    terminal.out(`${JSON.stringify({ discarded, left, missing: [...selector.missing] }, null, 2)}\n`);
  };
  if (doomed.length === 0) {
    error('no events to discard\n');
    tell(0, []);
    return missed;
  }
  if (!(await confirmed(terminal, `Discard ${amount(doomed.length)} for good?`, options))) return 1;
  for (const id of doomed) await quarantine.remove(id);
  const left = new Set((await quarantine.list()).map(({ id }) => id));
  const staying = doomed.filter((id) => left.has(id));
  for (const id of staying) error(`${id} is in the quarantine again\n`);
  error(`${amount(doomed.length - staying.length)} discarded; ${contentOf(left.size)}\n`);
  tell(doomed.length - staying.length, staying);
  return staying.length > 0 ? 1 : missed;
}
