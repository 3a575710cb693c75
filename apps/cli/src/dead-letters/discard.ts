import { discard as discardLetters } from '@pdaltagent/messaging';
import { type Terminal } from '../terminal';
import { confirmed } from './confirmation';
import { type Selection, Selector } from './selection';
import { type FamilyOptions, type NamedShelf, withShelves } from './shelves';

export interface DiscardOptions extends FamilyOptions {
  readonly yes?: true;
}

/** Removes dead letters for good, after asking. @returns 0 when every letter that was asked for by its id is gone */
export function discard(terminal: Terminal, selection: Selection, options: DiscardOptions): Promise<number> {
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
    if (count === 0) {
      terminal.error('no dead letters to discard\n');
      return missed;
    }
    if (!(await confirmed(terminal, `Discard ${count} dead ${count === 1 ? 'letter' : 'letters'} for good?`, options)))
      return 1;
    let gone = 0;
    const left: string[] = [];
    for (const { shelf, ids } of doomed) {
      if (ids.size === 0) continue;
      const discarded = await discardLetters(shelf, ids);
      gone += discarded.gone;
      left.push(...discarded.left);
    }
    terminal.error(`${gone} dead ${gone === 1 ? 'letter' : 'letters'} discarded\n`);
    if (left.length === 0) return missed;
    terminal.error(`${left.length} could not be removed and are there still: discard them again\n`);
    return 1;
  });
}
