import { confirm, requireYes } from '../dead-letters/confirmation';
import { type Selection, Selector } from '../dead-letters/selection';
import { recordActions } from '../journal/record-actions';
import { type Terminal } from '../terminal';
import { type Quarantine } from '@pdaltagent/spool';
import { countText, eventsIn, openForChange, quarantineSummary, reasonOf } from './folder';

export interface QuarantineDiscardOptions {
  readonly yes?: true;
  readonly json?: true;
}

/** Removes events permanently, after confirmation. @returns 0 if all requested ones were removed */
export async function discard(
  terminal: Terminal,
  selection: Selection,
  options: QuarantineDiscardOptions,
): Promise<number> {
  const { error } = terminal;
  requireYes(terminal, options);
  const quarantine = await openForChange(terminal);
  const selector = new Selector(selection);
  const toDiscard: string[] = [];
  for await (const event of eventsIn(quarantine)) if (selector.matches(event)) toDiscard.push(event.id);
  selector.checkKey();
  for (const id of selector.missing) error(`no event in the quarantine has the id ${id}\n`);
  const missed = selector.missing.size > 0 ? 1 : 0;
  const printResult = (discarded: number, left: readonly string[], failure?: string) => {
    if (!options.json) return;
    const result = { discarded, left, missing: [...selector.missing], error: failure ?? null };
    terminal.out(`${JSON.stringify(result, null, 2)}\n`);
  };
  if (toDiscard.length === 0) {
    error('no events to discard\n');
    printResult(0, []);
    return missed;
  }
  if (!(await confirm(terminal, `Discard ${countText(toDiscard.length)} permanently?`, options))) return 1;
  const failure = await removeAll(quarantine, toDiscard);
  const left = new Set((await quarantine.list()).map(({ id }) => id));
  const notRemoved = toDiscard.filter((id) => left.has(id));
  const count = countText(toDiscard.length - notRemoved.length);
  if (failure === undefined) {
    for (const id of notRemoved) error(`${id} is in the quarantine again\n`);
    error(`${count} discarded; ${quarantineSummary(left.size)}\n`);
  } else error(`stopped after ${count}; the others are still in the quarantine: ${failure}\n`);
  printResult(toDiscard.length - notRemoved.length, notRemoved, failure);
  await recordActions(terminal, (by) =>
    toDiscard.flatMap((id) =>
      left.has(id) ? [] : [{ kind: 'discarded', group: 'events', id, from: 'quarantine', by }],
    ),
  );
  return failure !== undefined || notRemoved.length > 0 ? 1 : missed;
}

/** Stops at the first failure. @returns why, or undefined if all were removed */
async function removeAll(quarantine: Quarantine, ids: readonly string[]): Promise<string | undefined> {
  try {
    for (const id of ids) await quarantine.remove(id);
    return undefined;
  } catch (error) {
    return reasonOf(error);
  }
}
