import { type LedgerEntry, type LedgerReport } from '@pdaltagent/testing';
import { type PlannedEvent } from './check-plan';
import { type Webhook } from './receiver';
import { type SimulatedLogEntry } from './simulator-control';

/** Everything that the check has observed. */
export interface CheckResults {
  plan: PlannedEvent[];
  /** Events the gateway did not accept, with its response. */
  refused: string[];
  ledger: LedgerReport;
  /** Log entries of the simulated PagerDuty, each of which must arrive as a webhook. */
  entries: SimulatedLogEntry[];
  webhooks: Webhook[];
  /** Errors that the services logged. */
  loggedErrors: string[];
}

interface Row {
  what: string;
  expected: number;
  found: number;
  /** Descriptions of what is wrong; empty if all is well. */
  wrong: string[];
}

const LISTED = 10;

/** A table of expected and actual counts, and one line per failure. */
export function checkReport(results: CheckResults): { table: string; failures: string[] } {
  const rows = [...eventRows(results), ...webhookRows(results)];
  const failures = rows
    .filter(({ wrong }) => wrong.length > 0)
    .map(({ what, wrong }) => `${what}: ${wrong.slice(0, LISTED).join(', ')}${wrong.length > LISTED ? ', …' : ''}`);
  return {
    table: tableOf(rows),
    failures: [...failures, ...results.loggedErrors.map((trouble) => `logged an error: ${trouble}`)],
  };
}

function eventRows({ plan, refused, ledger }: CheckResults): Row[] {
  const name = ({ alert, sequence }: LedgerEntry): string => {
    const action = plan.find((event) => event.alert === alert && event.sequence === sequence)?.action;
    return `${alert} #${sequence} (${action ?? 'never sent'})`;
  };
  const counting = (what: string, entries: LedgerEntry[]): Row => ({
    what,
    expected: 0,
    found: entries.length,
    wrong: entries.map(name),
  });
  return [
    { what: 'accepted by the gateway', expected: plan.length, found: ledger.accepted, wrong: refused },
    {
      what: 'delivered to PagerDuty (simulated)',
      expected: ledger.accepted,
      found: ledger.accepted - ledger.lost.length,
      wrong: ledger.lost.map((entry) => `${name(entry)} is lost`),
    },
    counting('delivered more than once', ledger.duplicates),
    counting('delivered out of order', ledger.inversions),
    counting('delivered, but never sent', ledger.unexpected),
  ];
}

function webhookRows({ entries, webhooks }: CheckResults): Row[] {
  const arrived = webhooks.map(({ logEntry }) => logEntry);
  const missing = entries.filter(({ id }) => !arrived.includes(id));
  const repeated = arrived.filter((id, index) => arrived.indexOf(id) !== index);
  const swapped = byIncident(webhooks).flatMap(outOfOrder(entries));
  return [
    {
      what: 'webhooks received',
      expected: entries.length,
      found: entries.length - missing.length,
      wrong: missing.map(({ id, type }) => `${type} ${id} is missing`),
    },
    { what: 'webhooks more than once', expected: 0, found: repeated.length, wrong: repeated },
    { what: 'webhooks out of order', expected: 0, found: swapped.length, wrong: swapped },
  ];
}

function byIncident(webhooks: Webhook[]): Webhook[][] {
  const groups = new Map<string, Webhook[]>();
  for (const webhook of webhooks) {
    const key = webhook.incident?.id ?? webhook.logEntry;
    groups.set(key, [...(groups.get(key) ?? []), webhook]);
  }
  return [...groups.values()];
}

/** Of one incident's webhooks, those that arrived after a later one. */
function outOfOrder(entries: SimulatedLogEntry[]): (webhooks: Webhook[]) => string[] {
  const places = new Map(entries.map(({ id }, place) => [id, place]));
  return (webhooks) => {
    let latest = -1;
    return webhooks.flatMap(({ logEntry }) => {
      const place = places.get(logEntry) ?? -1;
      const isLate = place < latest;
      latest = Math.max(latest, place);
      return isLate ? [logEntry] : [];
    });
  };
}

function tableOf(rows: Row[]): string {
  const width = Math.max(...rows.map(({ what }) => what.length));
  const line = (what: string, expected: string, found: string, status: string): string =>
    `  ${what.padEnd(width)}  ${expected.padStart(8)}  ${found.padStart(8)}  ${status}`;
  return [
    line('', 'expected', 'actual', ''),
    ...rows.map(({ what, expected, found, wrong }) =>
      line(what, String(expected), String(found), wrong.length === 0 ? 'ok' : 'WRONG'),
    ),
  ].join('\n');
}
