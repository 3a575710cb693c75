import { maskSecrets } from '@pdaltagent/service';
import { durationOf } from '../duration';
import { type Column, formatHeader, formatRow, singleLine } from '../table';
import { type Terminal } from '../terminal';
import { type QuarantinedEvent, recordOf } from './event';
import { eventsIn, openQuarantine, quarantineSummary } from './folder';

export interface QuarantineListOptions {
  readonly json?: true;
  /** The end of a routing key. */
  readonly key?: string;
  readonly problem?: string;
  /** Milliseconds since 1970. */
  readonly since?: number;
  readonly limit?: number;
}

const COLUMNS: readonly Column[] = [
  { title: 'ID', width: 36 },
  { title: 'PROBLEM', width: 11 },
  { title: 'SINCE', width: 20 },
  { title: 'AGE', width: 6 },
  { title: 'KEY', width: 8 },
  { title: 'ACTION', width: 11 },
  { title: 'ALERT', width: 32 },
  { title: 'BYTES', width: 9 },
  { title: 'DETAIL', width: 120 },
];

/** Prints every event in the quarantine, oldest first. @returns 0 */
export async function list(terminal: Terminal, options: QuarantineListOptions): Promise<number> {
  const quarantine = await openQuarantine(terminal);
  const now = terminal.now();
  const { limit = Infinity, key, problem, since } = options;
  const isFiltered = key !== undefined || problem !== undefined || since !== undefined;
  const printer = options.json ? jsonPrinter(terminal) : tablePrinter(terminal, isFiltered);
  let found = 0;
  for await (const event of eventsIn(quarantine)) {
    if (!isMeant(event, options)) continue;
    found += 1;
    if (found <= limit) printer.print(recordOf(event, now));
  }
  printer.end(found);
  return 0;
}

function isMeant({ entry, message }: QuarantinedEvent, { key, problem, since }: QuarantineListOptions): boolean {
  if (since !== undefined && entry.quarantinedAt < since) return false;
  if (problem !== undefined && entry.problem !== problem) return false;
  return key === undefined || message?.routingKey.endsWith(key) === true;
}

type EventRecord = ReturnType<typeof recordOf>;

/** `2 matching events`. */
function matchSummary(count: number): string {
  return count === 0 ? 'no matching events' : `${count} matching ${count === 1 ? 'event' : 'events'}`;
}

function tablePrinter({ out, error }: Terminal, isFiltered: boolean) {
  let count = 0;
  return {
    print(record: EventRecord): void {
      if (count === 0) out(formatHeader(COLUMNS));
      count += 1;
      out(formatRow(COLUMNS, cellsOf(record)));
    },
    end(found: number): void {
      const some = count < found ? `${count} of ` : '';
      error(`${some}${isFiltered ? matchSummary(found) : quarantineSummary(found)}\n`);
    },
  };
}

function cellsOf({ age_seconds: age, unreadable, ...record }: EventRecord): string[] {
  return [
    singleLine(record.id),
    singleLine(record.problem),
    record.quarantined_at,
    age === null ? '-' : durationOf(age * 1000),
    record.key,
    singleLine(record.action),
    singleLine(record.alert),
    String(record.bytes),
    singleLine(maskSecrets(unreadable ?? record.detail)),
  ];
}

/** One array, with one element per line. */
function jsonPrinter({ out }: Terminal) {
  let between = '[\n';
  return {
    print(record: EventRecord): void {
      out(between + JSON.stringify(record));
      between = ',\n';
    },
    end(): void {
      out(between === ',\n' ? '\n]\n' : '[]\n');
    },
  };
}
