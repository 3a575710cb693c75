import { type Erased, matcherOf } from '@pdaltagent/operations';
import { confirm, requireYes } from '../dead-letters/confirmation';
import { type NamedQueue, withDeadLetterQueues } from '../dead-letters/queues';
import { type Terminal } from '../terminal';
import { criterionOf, type CriterionOptions } from './criterion-option';
import { eraseDeadLetters } from './dead-letters';
import { eraseQuarantine } from './quarantine';
import { eraseSpools } from './spool';

export interface EraseOptions extends CriterionOptions {
  readonly dryRun?: true;
  readonly yes?: true;
  readonly json?: true;
}

/** In the order in which an event may go from one to the next while they are searched. */
const PLACES = ['spool', 'quarantine', 'dead_letters'] as const;
type Place = (typeof PLACES)[number];
type Results = Readonly<Record<Place, Erased | undefined>>;

const NAMES: Readonly<Record<Place, (count: number) => string>> = {
  spool: (count) => `${count} ${count === 1 ? 'event' : 'events'} in the spool`,
  quarantine: (count) => `${count} ${count === 1 ? 'event' : 'events'} in the quarantine`,
  dead_letters: (count) => `${count} dead ${count === 1 ? 'letter' : 'letters'}`,
};

/**
 * Erases what is stored of a person: dead letters, and on a gateway's host its quarantine and its spool.
 * @returns 0 if everything here was searched and what was found is erased
 */
export async function erase(terminal: Terminal, options: EraseOptions): Promise<number> {
  const criterion = criterionOf(options);
  const matches = matcherOf(criterion);
  const isDryRun = options.dryRun === true;
  if (!isDryRun) requireYes(terminal, options);
  return withDeadLetterQueues(terminal, {}, async (queues: readonly NamedQueue[]) => {
    const search = async (isOnlyCounted: boolean): Promise<Results> => ({
      spool: await eraseSpools(terminal, criterion, isOnlyCounted),
      quarantine: await eraseQuarantine(terminal, matches, isOnlyCounted),
      dead_letters: await eraseDeadLetters(queues, matches, isOnlyCounted),
    });
    if (isDryRun) return report(terminal, await search(true), options);
    if (!options.yes) {
      const counted = await search(true);
      if (totalOf(counted) === 0) return report(terminal, counted, options);
      if (!(await confirm(terminal, `Erase ${summaryOf(counted)} permanently?`, options))) return 1;
    }
    return report(terminal, await search(false), options);
  });
}

const totalOf = (results: Results): number => PLACES.reduce((sum, place) => sum + (results[place]?.found ?? 0), 0);

function summaryOf(results: Results): string {
  return PLACES.flatMap((place) => {
    const result = results[place];
    return result === undefined ? [] : [NAMES[place](result.found)];
  }).join(', ');
}

function report(terminal: Terminal, results: Results, { dryRun, json }: Pick<EraseOptions, 'dryRun' | 'json'>): number {
  let isComplete = true;
  for (const place of PLACES) {
    const result = results[place];
    if (result === undefined) {
      terminal.error(`no ${place} here: run this where each gateway runs, too, with its settings\n`);
      continue;
    }
    terminal.error(`${NAMES[place](result.found)} found${dryRun ? '' : `, ${result.erased} erased`}\n`);
    for (const problem of result.problems) terminal.error(`${problem}\n`);
    if (result.problems.length > 0 || (!dryRun && result.erased < result.found)) isComplete = false;
  }
  if (json)
    terminal.out(
      `${JSON.stringify(Object.fromEntries(PLACES.map((place) => [place, results[place] ?? null])), null, 2)}\n`,
    );
  return isComplete ? 0 : 1;
}
