import { maskSecrets } from '@pdaltagent/service';
import { formatHeader, formatRow, singleLine } from '../table';
import { type Terminal } from '../terminal';
import { type Account, type AuditReport } from './report';

/** If the output is not a terminal. */
const UNLIMITED = 160;
/** More are in the JSON only. */
const MOST_NAMED = 200;

type Row = readonly [name: string, count: (account: Account) => number, isShownIfZero?: boolean];

const ROWS: readonly Row[] = [
  ['accepted', ({ accepted }) => accepted, true],
  ['  delivered', ({ delivered }) => delivered, true],
  ['  dead letters', (account) => account.dead_letters, true],
  ['  quarantined', ({ quarantined }) => quarantined],
  ['  discarded', ({ discarded }) => discarded],
  ['  expired', ({ expired }) => expired],
  ['  replayed under another id', (account) => account.replayed_as_others],
  ['  waiting', ({ waiting }) => waiting, true],
  ['    in lanes', (account) => account.waiting_in.lanes],
  ['    held by workers', (account) => account.waiting_in.workers],
  ['    in the spool here', (account) => account.waiting_in.spool],
  ['    with facts of the last 10 s', (account) => account.waiting_in.just_accepted],
  ['  unaccounted', ({ unaccounted }) => unaccounted, true],
];

/** The accounts, then what is unaccounted, then what may explain it. */
export function formatAudit(report: AuditReport, { columns = UNLIMITED, showsColour }: Terminal): string {
  const { events, webhooks, unaccounted } = report;
  const rows = ROWS.flatMap(([name, count, isShownIfZero = false]) => {
    const counts = [count(events), count(webhooks)];
    return isShownIfZero || counts.some((one) => one > 0) ? [[name, ...counts.map(String)]] : [];
  });
  const name = Math.max(...rows.map(([title = '']) => title.length));
  const line = ([title = '', ...cells]: readonly string[]): string =>
    `${title.padEnd(name)}${cells.map((cell) => cell.padStart(11)).join('')}\n`;
  const begin = report.since === null ? 'the journal is empty' : `accepted from ${report.since}`;
  const first = report.journal_begins_at === report.since && report.since !== null ? ', where the journal begins,' : '';
  const head = `${begin}${first} to ${report.until}\n\n`;
  const table = line(['', 'EVENTS', 'WEBHOOKS']) + rows.map(line).join('');
  const verdict =
    unaccounted.length === 0
      ? colour(showsColour, 32, 'every message is accounted for')
      : colour(
          showsColour,
          31,
          `${unaccounted.length} ${unaccounted.length === 1 ? 'message is' : 'messages are'} unaccounted`,
        );
  return `${head}${table}\n${verdict}\n${namesOf(report, columns)}${explanations(report)}`;
}

function namesOf({ unaccounted }: AuditReport, width: number): string {
  if (unaccounted.length === 0) return '';
  const columns = [
    { title: 'ACCEPTED', width: 20 },
    { title: 'ID', width: 36 },
    { title: 'KEY', width: Math.min(12, Math.max(...unaccounted.map(({ key }) => key.length), 3)) },
  ];
  const used = columns.reduce((sum, column) => sum + column.width + 2, 0);
  const alert = { title: 'ALERT', width: Math.max(10, Math.min(40, width - used)) };
  const all = [...columns, alert];
  const lines = unaccounted.slice(0, MOST_NAMED).map((one) => {
    const cells = [one.accepted_at, singleLine(one.id), singleLine(one.key), maskSecrets(singleLine(one.alert ?? '-'))];
    return `${formatRow(all, cells)}  ${one.why}\n`;
  });
  const more = unaccounted.length - lines.length;
  return `\n${formatHeader(all)}${lines.join('')}${more > 0 ? `and ${more} more: see --json\n` : ''}`;
}

function explanations({ may_explain: lines, unaccounted }: AuditReport): string {
  if (unaccounted.length === 0) return '';
  if (lines.length === 0) return '\nthe journal has no gap that may explain it\n';
  return `\nwhat may explain it:\n${lines.map((line) => `  ${singleLine(line)}\n`).join('')}`;
}

function colour(isShown: boolean, code: number, text: string): string {
  return isShown ? `\u001b[${code}m${text}\u001b[0m` : text;
}
