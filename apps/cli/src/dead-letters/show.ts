import { type DeadLetter } from '@pdaltagent/messaging';
import { durationOf } from '../duration';
import { stripControlChars } from '../table';
import { CliError, type Terminal } from '../terminal';
import { AlertProgressReader, progressRecord, type ProgressSince, progressText } from './alert-progress';
import { bodyOf, recordOf } from './record';
import { type LaneGroupOptions, withDeadLetterQueues } from './queues';

export interface DeadLetterShowOptions extends LaneGroupOptions {
  readonly json?: true;
}

/** Prints everything about one dead letter. @throws CliError if it does not exist */
export function show(terminal: Terminal, id: string, options: DeadLetterShowOptions): Promise<number> {
  const asking = AlertProgressReader.read(terminal);
  return withDeadLetterQueues(terminal, options, async (queues) => {
    const progressReader = await asking;
    let found = 0;
    for (const { name, queue } of queues) {
      const letters: DeadLetter[] = [];
      await queue.visitAll(({ deadLetter: letter }) => {
        if (letter.id === id) letters.push(letter);
      });
      found += letters.length;
      for (const letter of letters) print(terminal, name, letter, progressReader.since(name, letter), options);
    }
    if (found === 0) throw new CliError(`no dead letter has the id ${id}`);
    return 0;
  });
}

function print(
  { out, now }: Terminal,
  laneGroup: string,
  letter: DeadLetter,
  progress: ProgressSince,
  { json }: DeadLetterShowOptions,
): void {
  const record = recordOf(laneGroup, letter, now());
  const { body, encoding } = bodyOf(letter);
  if (json) {
    out(`${JSON.stringify({ ...record, went_on: progressRecord(progress), body, encoding }, null, 2)}\n`);
    return;
  }
  const { answer, age_seconds: age, ...facts } = record;
  const shown = { ...facts, age: age === null ? '-' : durationOf(age * 1000), progress: progressText(progress) };
  const lines = Object.entries(shown).map(
    ([name, value]) => `${`${name.replaceAll('_', ' ')}:`.padEnd(18)}${stripControlChars(String(value ?? '-'))}`,
  );
  out(
    [...lines, '', 'response:', stripControlChars(answer), '', `body (${encoding}):`, stripControlChars(body), ''].join(
      '\n',
    ),
  );
}
