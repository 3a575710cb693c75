import { discard as discardLetters } from '@pdaltagent/messaging';
import { type Terminal } from '../terminal';
import { confirmed, demandYes } from './confirmation';
import { amount, reportDiscarded } from './outcome';
import { type Selection, Selector } from './selection';
import { type FamilyOptions, type NamedShelf, withShelves } from './queues';

export interface DiscardOptions extends FamilyOptions {
  readonly yes?: true;
  readonly json?: true;
}

/** Removes dead letters for good, after asking. @returns 0 if every letter that was asked for is gone */
export async function discard(terminal: Terminal, selection: Selection, options: DiscardOptions): Promise<number> {
  demandYes(terminal, options);
  return withShelves(terminal, options, async (shelves) => {
    const selector = new Selector(selection);
    const doomed: (NamedShelf & { readonly ids: Set<string> })[] = [];
    let count = 0;
    for (const named of shelves) {
      const ids = new Set<string>();
      await named.shelf.look(({ letter }) => {
        if (!selector.matches(letter)) return;
        ids.add(letter.id);
        count += 1;
      });
      doomed.push({ ...named, ids });
    }
    selector.checkKey();
    for (const id of selector.missing) terminal.error(`no dead letter has the id ${id}\n`);
    const missed = selector.missing.size > 0 ? 1 : 0;
    const tell = (discarded: number, left: readonly string[]) => {
      if (!options.json) return;
      terminal.out(`${JSON.stringify({ discarded, left, missing: [...selector.missing] }, null, 2)}\n`);
    };
    if (count === 0) {
      terminal.error('no dead letters to discard\n');
      tell(0, []);
      return missed;
    }
    if (!(await confirmed(terminal, `Discard ${amount(count)} for good?`, options))) return 1;
    let gone = 0;
    const left: string[] = [];
    for (const { shelf, ids } of doomed) {
      if (ids.size === 0) continue;
      const discarded = await discardLetters(shelf, ids);
      gone += discarded.gone;
      left.push(...discarded.left);
    }
    tell(gone, left);
    return reportDiscarded(terminal, { gone, left }) ? missed : 1;
  });
}
