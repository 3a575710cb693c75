import { type Person } from './account';
import { type Incident } from './incident';

/** The agent of a log entry. */
export type Agent = { readonly kind: 'service' } | { readonly kind: 'user'; readonly user: Person };

/** A log entry; its JSON is created when it is read. */
export interface LogEntry {
  readonly id: string;
  readonly type: string;
  readonly summary: string;
  /** Milliseconds since 1970 by PagerDuty's clock, in whole seconds. */
  readonly createdAt: number;
  /** By this machine's clock: readers see the entry from then on. */
  readonly visibleAt: number;
  /** null: an entry without an incident. */
  readonly incident: Incident | null;
  readonly agent: Agent;
  readonly channel: Readonly<Record<string, unknown>>;
  /** Members specific to this type, or overridden by a script. */
  readonly extra: Readonly<Record<string, unknown>>;
  /** A complete entry from a script, instead of all of the above except id and created_at. */
  readonly raw: Readonly<Record<string, unknown>> | null;
}

/** Every log entry, sorted by created_at and then by insertion. */
export class Journal {
  readonly #maximum: number;
  #entries: LogEntry[] = [];

  constructor(maximum: number) {
    this.#maximum = maximum;
  }

  add(entry: LogEntry): void {
    const last = this.#entries.at(-1);
    if (!last || last.createdAt <= entry.createdAt) this.#entries.push(entry);
    else this.#entries.splice(this.#firstAfter(entry.createdAt), 0, entry);
    if (this.#entries.length > this.#maximum) this.#entries.splice(0, Math.max(1, Math.floor(this.#maximum / 10)));
  }

  /** Visible entries with since <= created_at < until, newest first. */
  read(since: number, until: number, now: number, wanted: (entry: LogEntry) => boolean): LogEntry[] {
    return this.#entries
      .slice(this.#firstFrom(since), this.#firstFrom(until))
      .filter((entry) => entry.visibleAt <= now && wanted(entry))
      .reverse();
  }

  find(id: string): LogEntry | undefined {
    return this.#entries.findLast((entry) => entry.id === id);
  }

  /** All entries, including those not visible yet. */
  get entries(): readonly LogEntry[] {
    return this.#entries;
  }

  get size(): number {
    return this.#entries.length;
  }

  clear(): void {
    this.#entries = [];
  }

  #firstFrom(time: number): number {
    return this.#search((createdAt) => createdAt >= time);
  }

  #firstAfter(time: number): number {
    return this.#search((createdAt) => createdAt > time);
  }

  /** Index of the first entry that satisfies the condition (binary search). */
  #search(past: (createdAt: number) => boolean): number {
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const entry = this.#entries[middle];
      if (entry && past(entry.createdAt)) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
