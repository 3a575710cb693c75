/** One event of an alert; `sequence` counts up per alert in the order in which the sender received its responses. */
export interface LedgerEntry {
  alert: string;
  sequence: number;
}

export interface LedgerReport {
  accepted: number;
  /** Deliveries, including repeats. */
  delivered: number;
  /** Accepted but never delivered. */
  lost: LedgerEntry[];
  /** Delivered but never sent. */
  unexpected: LedgerEntry[];
  /** Each further delivery of an event; allowed by at-least-once delivery. */
  duplicates: LedgerEntry[];
  /** Events whose first delivery was after a later event of their alert. */
  inversions: LedgerEntry[];
  /** Repeats that were delivered after a later event of their alert, which would reopen a resolved alert. */
  replays: LedgerEntry[];
}

const LISTED = 10;

/** Records what was accepted and what was delivered, and compares them. */
export class Ledger {
  readonly #sent = new Map<string, LedgerEntry>();
  readonly #accepted = new Map<string, LedgerEntry>();
  readonly #deliveries: LedgerEntry[] = [];

  /** Sent, without a response so far: it may or may not arrive. */
  recordSent(alert: string, sequence: number): void {
    this.#sent.set(keyOf({ alert, sequence }), { alert, sequence });
  }

  /** Answered with 202: it must arrive. */
  recordAccepted(alert: string, sequence: number): void {
    this.recordSent(alert, sequence);
    this.#accepted.set(keyOf({ alert, sequence }), { alert, sequence });
  }

  /** Delivered, in the order of the calls. */
  recordDelivered(alert: string, sequence: number): void {
    this.#deliveries.push({ alert, sequence });
  }

  /** Whether every accepted event, of all or of the selected alerts, was delivered at least once. */
  isComplete(isWanted: (alert: string) => boolean = () => true): boolean {
    const arrived = new Set(this.#deliveries.map(keyOf));
    return [...this.#accepted].every(([key, { alert }]) => arrived.has(key) || !isWanted(alert));
  }

  report(): LedgerReport {
    const seen = new Set<string>();
    const latest = new Map<string, number>();
    const report: LedgerReport = {
      accepted: this.#accepted.size,
      delivered: this.#deliveries.length,
      lost: [],
      unexpected: [],
      duplicates: [],
      inversions: [],
      replays: [],
    };
    for (const entry of this.#deliveries) {
      const key = keyOf(entry);
      const newest = latest.get(entry.alert) ?? -Infinity;
      const isRepeat = seen.has(key);
      if (!this.#sent.has(key)) report.unexpected.push(entry);
      if (isRepeat) report.duplicates.push(entry);
      if (entry.sequence < newest) (isRepeat ? report.replays : report.inversions).push(entry);
      seen.add(key);
      latest.set(entry.alert, Math.max(newest, entry.sequence));
    }
    report.lost = [...this.#accepted].filter(([key]) => !seen.has(key)).map(([, entry]) => entry);
    return report;
  }

  /** The report as text: one line per category, naming the events. */
  format(): string {
    const { accepted, delivered, ...findings } = this.report();
    const lines = Object.entries(findings).map(([name, entries]) => `${name}: ${entries.length}${named(entries)}`);
    return [`accepted: ${accepted}`, `delivered: ${delivered}`, ...lines].join('\n');
  }
}

function named(entries: LedgerEntry[]): string {
  if (entries.length === 0) return '';
  const names = entries.slice(0, LISTED).map(({ alert, sequence }) => `${alert} #${sequence}`);
  return ` (${names.join(', ')}${entries.length > LISTED ? ', …' : ''})`;
}

function keyOf({ alert, sequence }: LedgerEntry): string {
  return `${sequence} ${alert}`;
}
