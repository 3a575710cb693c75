/** One event of an alert; `sequence` counts up per alert in the order in which the sender had its answers. */
export interface LedgerEntry {
  alert: string;
  sequence: number;
}

export interface LedgerReport {
  accepted: number;
  /** Arrivals, repeats included. */
  delivered: number;
  /** Accepted, never delivered. */
  lost: LedgerEntry[];
  /** Delivered, never sent. */
  unexpected: LedgerEntry[];
  /** Each further arrival of an event. At least once allows these. */
  duplicates: LedgerEntry[];
  /** Events that arrived for the first time after a later one of their alert. */
  inversions: LedgerEntry[];
  /** Repeats that arrived after a later event of their alert: a resolved alert would open again. */
  replays: LedgerEntry[];
}

const LISTED = 10;

/** Two columns, what was accepted and what was delivered, and what they say about each other. */
export class Ledger {
  readonly #sent = new Map<string, LedgerEntry>();
  readonly #accepted = new Map<string, LedgerEntry>();
  readonly #deliveries: LedgerEntry[] = [];

  /** Sent, answer unknown so far: it may arrive, but need not. */
  sent(alert: string, sequence: number): void {
    this.#sent.set(keyOf({ alert, sequence }), { alert, sequence });
  }

  /** Answered with 202: it must arrive. */
  accepted(alert: string, sequence: number): void {
    this.sent(alert, sequence);
    this.#accepted.set(keyOf({ alert, sequence }), { alert, sequence });
  }

  /** Arrived, in the order of the calls. */
  delivered(alert: string, sequence: number): void {
    this.#deliveries.push({ alert, sequence });
  }

  /** True as soon as everything accepted, of all alerts or of those that are wanted, has arrived at least once. */
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

  /** The report for a person: a line per finding, naming the events. */
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
