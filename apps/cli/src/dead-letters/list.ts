import { type DeadLetter } from '@pdaltagent/messaging';
import { maskSecrets } from '@pdaltagent/service';
import { durationOf } from '../duration';
import { type Column, formatHeader, formatRow, singleLine } from '../table';
import { type Terminal } from '../terminal';
import { AlertProgressReader, progressCell, progressRecord, type ProgressSince } from './alert-progress';
import { countText } from './outcome';
import { recordOf } from './record';
import { type LaneGroupOptions, withDeadLetterQueues } from './queues';

export interface DeadLetterListOptions extends LaneGroupOptions {
  readonly json?: true;
  /** The end of a routing key, or a destination. */
  readonly key?: string;
  readonly reason?: string;
  /** Milliseconds since 1970. */
  readonly since?: number;
  readonly limit?: number;
}

/** 150 characters in total. Only the alert and the last cell may contain spaces. */
const COLUMNS: readonly Column[] = [
  { title: 'ID', width: 36 },
  { title: 'REASON', width: 8 },
  { title: 'STATUS', width: 6 },
  { title: 'AGE', width: 6 },
  { title: 'KEY', width: 8 },
  { title: 'ACTION', width: 11 },
  { title: 'ALERT', width: 20 },
  { title: 'PROGRESS', width: 9 },
  { title: 'ANSWER', width: 30 },
];

/** Prints every dead letter, oldest first, while they are read: memory use does not depend on their number. */
export function list(terminal: Terminal, options: DeadLetterListOptions): Promise<number> {
  const asking = AlertProgressReader.read(terminal);
  const { limit = Infinity } = options;
  return withDeadLetterQueues(terminal, options, async (queues) => {
    const progressReader = await asking;
    const now = terminal.now();
    const printer = options.json ? jsonPrinter(terminal) : tablePrinter(terminal);
    let found = 0;
    for (const { name, queue } of queues) {
      await queue.visitAll(({ deadLetter: letter }) => {
        if (!isMeant(letter, options)) return;
        found += 1;
        if (found <= limit) printer.print(recordOf(name, letter, now), progressReader.since(name, letter));
      });
    }
    printer.end(found);
    return 0;
  });
}

function isMeant({ reason, message, deadAt }: DeadLetter, options: DeadLetterListOptions): boolean {
  if (options.since !== undefined && (deadAt ?? Infinity) < options.since) return false;
  if (options.reason !== undefined && reason !== options.reason) return false;
  return options.key === undefined || message?.routingKey.endsWith(options.key) === true;
}

type LetterRecord = ReturnType<typeof recordOf>;

function tablePrinter({ out, error }: Terminal) {
  let count = 0;
  return {
    print(record: LetterRecord, progress: ProgressSince): void {
      if (count === 0) out(formatHeader(COLUMNS));
      count += 1;
      out(formatRow(COLUMNS, cellsOf(record, progress)));
    },
    end(found: number): void {
      const shown = count < found ? `${count} of ` : '';
      error(found === 0 ? 'no dead letters\n' : `${shown}${countText(found)}\n`);
    },
  };
}

function cellsOf(record: LetterRecord, progress: ProgressSince): string[] {
  const { id, reason, status, age_seconds: age, key, action, alert, answer } = record;
  return [
    singleLine(id),
    singleLine(reason),
    status === null ? '-' : String(status),
    age === null ? '-' : durationOf(age * 1000).replace(' ', ''),
    key,
    singleLine(action),
    singleLine(alert),
    singleLine(progressCell(progress)),
    singleLine(maskSecrets(answer)),
  ];
}

/** One array, with one element per line. */
function jsonPrinter({ out }: Terminal) {
  let between = '[\n';
  return {
    print(record: LetterRecord, progress: ProgressSince): void {
      out(between + JSON.stringify({ ...record, went_on: progressRecord(progress) }));
      between = ',\n';
    },
    end(): void {
      out(between === ',\n' ? '\n]\n' : '[]\n');
    },
  };
}
