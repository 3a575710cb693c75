import { BrokerUnavailable, discard as discardLetters, DeadLetterQueueBusy } from '@pdaltagent/operations';
import { recordActions } from '../journal/record-actions';
import { type Terminal } from '../terminal';
import { confirm, requireYes } from './confirmation';
import { countText, type DiscardOutcome, reportDiscarded } from './outcome';
import { type Selection, Selector } from './selection';
import { type LaneGroupOptions, type NamedQueue, withDeadLetterQueues } from './queues';

export interface DeadLetterDiscardOptions extends LaneGroupOptions {
  readonly yes?: true;
  readonly json?: true;
}

/** Removes dead letters permanently, after confirmation. @returns 0 if all requested ones were removed */
export async function discard(
  terminal: Terminal,
  selection: Selection,
  options: DeadLetterDiscardOptions,
): Promise<number> {
  requireYes(terminal, options);
  return withDeadLetterQueues(terminal, options, async (queues) => {
    const selector = new Selector(selection);
    const toDiscard: (NamedQueue & { readonly ids: Set<string> })[] = [];
    let count = 0;
    for (const named of queues) {
      const ids = new Set<string>();
      await named.queue.visitAll(({ deadLetter: letter }) => {
        if (!selector.matches(letter)) return;
        ids.add(letter.id);
        count += 1;
      });
      toDiscard.push({ ...named, ids });
    }
    selector.checkKey();
    for (const id of selector.missing) terminal.error(`no dead letter has the id ${id}\n`);
    const missed = selector.missing.size > 0 ? 1 : 0;
    const printResult = (discarded: number, left: readonly string[], failure?: string) => {
      if (!options.json) return;
      const result = { discarded, left, missing: [...selector.missing], error: failure ?? null };
      terminal.out(`${JSON.stringify(result, null, 2)}\n`);
    };
    if (count === 0) {
      terminal.error('no dead letters to discard\n');
      printResult(0, []);
      return missed;
    }
    if (!(await confirm(terminal, `Discard ${countText(count)} permanently?`, options))) return 1;
    const outcome = await discardAll(toDiscard);
    printResult(outcome.discarded, outcome.left, outcome.failure);
    const isDone = reportDiscarded(terminal, outcome);
    await recordActions(terminal, (by) =>
      outcome.gone.map((one) => ({ kind: 'discarded', ...one, from: 'dead letters', by })),
    );
    return isDone ? missed : 1;
  });
}

/** Events first, then webhooks; stops at the first failure. */
async function discardAll(
  queues: readonly (NamedQueue & { readonly ids: ReadonlySet<string> })[],
): Promise<DiscardOutcome> {
  let discarded = 0;
  const gone: { readonly group: NamedQueue['name']; readonly id: string }[] = [];
  const left: string[] = [];
  for (const { name: group, queue, ids } of queues) {
    if (ids.size === 0) continue;
    try {
      const result = await discardLetters(queue, ids);
      discarded += result.discarded;
      gone.push(...result.gone.map((id) => ({ group, id })));
      left.push(...result.left);
    } catch (error) {
      if (!(error instanceof BrokerUnavailable) && !(error instanceof DeadLetterQueueBusy)) throw error;
      return { discarded, gone, left, failure: error.message };
    }
  }
  return { discarded, gone, left, failure: undefined };
}
