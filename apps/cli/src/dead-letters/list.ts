import { type Letter } from '@pdaltagent/messaging';
import { maskSecrets } from '@pdaltagent/service';
import { durationOf } from '../duration';
import { type Column, headerOf, printable, rowOf } from '../table';
import { type Terminal } from '../terminal';
import { Afterwards, type Since, sinceRecord, sinceText } from './afterwards';
import { recordOf } from './record';
import { type FamilyOptions, withShelves } from './shelves';

export interface ListOptions extends FamilyOptions {
  readonly json?: true;
  readonly key?: string;
  readonly reason?: string;
}

const COLUMNS: readonly Column[] = [
  { title: 'ID', width: 36 },
  { title: 'REASON', width: 8 },
  { title: 'STATUS', width: 6 },
  { title: 'TRIES', width: 5 },
  { title: 'FIRST TRY', width: 20 },
  { title: 'LAST TRY', width: 20 },
  { title: 'AGE', width: 6 },
  { title: 'KEY', width: 8 },
  { title: 'ACTION', width: 11 },
  { title: 'ALERT', width: 32 },
  { title: 'WENT ON', width: 32 },
  { title: 'ANSWER', width: 80 },
];

/** Prints every dead letter, oldest first, one line each as they come: any number of them needs little memory. */
export function list(terminal: Terminal, options: ListOptions): Promise<number> {
  const asking = Afterwards.ask(terminal);
  return withShelves(terminal, options, async (shelves) => {
    const afterwards = await asking;
    const now = terminal.now();
    const printer = options.json ? jsonPrinter(terminal) : tablePrinter(terminal);
    for (const { name, shelf } of shelves) {
      await shelf.look(({ letter }) => {
        if (isMeant(letter, options)) printer.print(recordOf(name, letter, now), afterwards.of(name, letter));
      });
    }
    printer.end();
    return 0;
  });
}

function isMeant({ reason, message }: Letter, options: ListOptions): boolean {
  if (options.reason !== undefined && reason !== options.reason) return false;
  return options.key === undefined || message?.routingKey.endsWith(options.key.replace(/^…/, '')) === true;
}

type LetterRecord = ReturnType<typeof recordOf>;

function tablePrinter({ out, error }: Terminal) {
  let count = 0;
  return {
    print(record: LetterRecord, since: Since): void {
      if (count === 0) out(headerOf(COLUMNS));
      count += 1;
      out(rowOf(COLUMNS, cellsOf(record, since)));
    },
    end(): void {
      error(count === 0 ? 'no dead letters\n' : `${count} dead ${count === 1 ? 'letter' : 'letters'}\n`);
    },
  };
}

function cellsOf(record: LetterRecord, since: Since): string[] {
  const { id, reason, status, attempts, age_seconds: age, key, action, alert, answer } = record;
  return [
    printable(id),
    printable(reason),
    status === null ? '-' : String(status),
    String(attempts),
    record.first_attempt_at ?? '-',
    record.last_attempt_at ?? '-',
    age === null ? '-' : durationOf(age * 1000),
    key,
    printable(action),
    printable(alert),
    printable(sinceText(since)),
    printable(maskSecrets(answer)),
  ];
}

/** One array, an element per line. */
function jsonPrinter({ out }: Terminal) {
  let between = '[\n';
  return {
    print(record: LetterRecord, since: Since): void {
      out(between + JSON.stringify({ ...record, went_on: sinceRecord(since) }));
      between = ',\n';
    },
    end(): void {
      out(between === ',\n' ? '\n]\n' : '[]\n');
    },
  };
}
