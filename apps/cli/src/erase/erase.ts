import { matcherOf } from '@pdaltagent/operations';
import { maskSecrets } from '@pdaltagent/service';
import { confirm, requireYes } from '../dead-letters/confirmation';
import { operatorAction, recordActions } from '../journal/record-actions';
import { reasonOf } from '../quarantine/folder';
import { type Terminal } from '../terminal';
import { criterionOf, type CriterionOptions } from './criterion-option';
import { eraseDeadLetters } from './dead-letters';
import { COUNTED, elsewhere, JSON_NAMES, NOT_HERE, type Place, type PlaceResult, PLACES } from './place';
import { eraseJournal } from './journal';
import { eraseQuarantine } from './quarantine';
import { eraseSpools } from './spool';

export interface EraseOptions extends CriterionOptions {
  readonly only?: readonly Place[];
  readonly dryRun?: true;
  readonly yes?: true;
  readonly json?: true;
}

type Results = ReadonlyMap<Place, PlaceResult>;

/**
 * Erases what is stored of a person: dead letters, the journal, and on a gateway's host its quarantine and its spool. What cannot be done in one
 * place does not keep the others from being searched.
 * @returns 0 if every selected place was searched and what was found is erased
 */
export async function erase(terminal: Terminal, options: EraseOptions): Promise<number> {
  const criterion = criterionOf(options);
  const matches = matcherOf(criterion);
  const isDryRun = options.dryRun === true;
  if (!isDryRun) requireYes(terminal, options);
  const search: Readonly<Record<Place, (isOnlyCounted: boolean) => Promise<PlaceResult>>> = {
    spool: (isOnlyCounted) => eraseSpools(terminal, criterion, isOnlyCounted),
    quarantine: (isOnlyCounted) => eraseQuarantine(terminal, matches, isOnlyCounted),
    'dead-letters': (isOnlyCounted) => eraseDeadLetters(terminal, matches, isOnlyCounted),
    journal: (isOnlyCounted) => eraseJournal(terminal, criterion, isOnlyCounted),
  };
  const selected = PLACES.filter((place) => options.only?.includes(place) !== false);
  const searchAll = async (isOnlyCounted: boolean): Promise<Results> => {
    const results = new Map<Place, PlaceResult>();
    for (const place of selected) results.set(place, await search[place](isOnlyCounted).catch(failed));
    return results;
  };
  if (isDryRun) return report(terminal, await searchAll(true), options);
  if (!options.yes) {
    const counted = await searchAll(true);
    if (totalOf(counted) === 0) return report(terminal, counted, options);
    if (!(await confirm(terminal, `Erase ${summaryOf(counted)} permanently?`, options))) return 1;
  }
  const erased = await searchAll(false);
  // Not what was searched for: it names a person.
  await recordActions(terminal, operatorAction('erase', `by ${criterion.kind}: ${summaryOf(erased) || 'nothing'}`));
  return report(terminal, erased, options);
}

/** What was done elsewhere must be reported nevertheless. */
function failed(error: unknown): PlaceResult {
  return { found: 0, erased: 0, problems: [`it was not searched: ${reasonOf(error)}`] };
}

/** Whether there is something to say of what was found there. */
const isHere = ({ found, isElsewhere, isAbsent }: PlaceResult): boolean =>
  found > 0 || (isElsewhere !== true && isAbsent !== true);

const totalOf = (results: Results): number => [...results.values()].reduce((sum, { found }) => sum + found, 0);

function summaryOf(results: Results): string {
  return [...results].flatMap(([place, result]) => (isHere(result) ? [COUNTED[place](result.found)] : [])).join(', ');
}

function report(terminal: Terminal, results: Results, { dryRun, json }: Pick<EraseOptions, 'dryRun' | 'json'>): number {
  const print = (line: string): void => terminal.error(`${maskSecrets(line)}\n`);
  let isComplete = true;
  const notHere: Place[] = [];
  for (const [place, result] of results) {
    const { found, erased, problems, isElsewhere = false } = result;
    if (isHere(result)) print(`${COUNTED[place](found)} found${dryRun ? '' : `, ${erased} erased`}`);
    for (const problem of problems) print(problem);
    if (isElsewhere) notHere.push(place);
    if (isElsewhere || problems.length > 0 || (!dryRun && erased < found)) isComplete = false;
  }
  for (const line of elsewhere(notHere)) print(line);
  if (json)
    terminal.out(`${JSON.stringify(Object.fromEntries(PLACES.map((place) => jsonOf(place, results))), null, 2)}\n`);
  return isComplete ? 0 : 1;
}

function jsonOf(place: Place, results: Results): [string, unknown] {
  const { found, erased, problems, isElsewhere, isAbsent } = results.get(place) ?? NOT_HERE;
  const isNothing = isAbsent || (isElsewhere && problems.length === 0);
  return [JSON_NAMES[place], isNothing ? null : { found, erased, problems }];
}
