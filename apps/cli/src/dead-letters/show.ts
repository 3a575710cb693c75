import { type DeadLetter } from '@pdaltagent/messaging';
import { durationOf } from '../duration';
import { harmless } from '../table';
import { Failure, type Terminal } from '../terminal';
import { Afterwards, type Since, sinceRecord, sinceText } from './alert-progress';
import { bodyOf, recordOf } from './record';
import { type FamilyOptions, withShelves } from './queues';

export interface ShowOptions extends FamilyOptions {
  readonly json?: true;
}

/** Prints all that is known of one dead letter. @throws Failure where there is none */
export function show(terminal: Terminal, id: string, options: ShowOptions): Promise<number> {
  const asking = Afterwards.ask(terminal);
  return withShelves(terminal, options, async (shelves) => {
    const afterwards = await asking;
    let found = 0;
    for (const { name, shelf } of shelves) {
      const letters: DeadLetter[] = [];
      await shelf.look(({ letter }) => {
        if (letter.id === id) letters.push(letter);
      });
      found += letters.length;
      for (const letter of letters) print(terminal, name, letter, afterwards.of(name, letter), options);
    }
    if (found === 0) throw new Failure(`no dead letter has the id ${id}`);
    return 0;
  });
}

function print({ out, now }: Terminal, family: string, letter: DeadLetter, since: Since, { json }: ShowOptions): void {
  const record = recordOf(family, letter, now());
  const { body, encoding } = bodyOf(letter);
  if (json) {
    out(`${JSON.stringify({ ...record, went_on: sinceRecord(since), body, encoding }, null, 2)}\n`);
    return;
  }
  const { answer, age_seconds: age, ...facts } = record;
  const shown = { ...facts, age: age === null ? '-' : durationOf(age * 1000), went_on: sinceText(since) };
  const lines = Object.entries(shown).map(
    ([name, value]) => `${`${name.replaceAll('_', ' ')}:`.padEnd(18)}${harmless(String(value ?? '-'))}`,
  );
  out([...lines, '', 'answer:', harmless(answer), '', `body (${encoding}):`, harmless(body), ''].join('\n'));
}
