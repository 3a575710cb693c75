import { type WindowContent } from '@pdaltagent/rest-api';
import { type Logger } from '@pdaltagent/service';
import { type SeenEntries } from '@pdaltagent/store';
import { contentHash, type LogEntry, textOfJson } from '@pdaltagent/webhooks';
import { type Counters } from './counters';
import { NoWebhook, type Publication } from './webhook-publisher';
import { type SettingAside } from './unconvertible-entries';

/** Incidents whose webhooks are on their way to the broker at one time. */
const CONCURRENT_INCIDENTS = 100;

export interface NewEntriesOptions {
  readonly publication: Publication;
  readonly settingAside: SettingAside;
  readonly seen: SeenEntries;
  /** Only entries of these services. */
  readonly services: ReadonlySet<string> | undefined;
  readonly counters: Counters;
  readonly log: Logger;
}

/** Publishes what was not published before, and marks it as seen once the broker confirmed it. */
export class NewEntries {
  readonly #options: NewEntriesOptions;

  constructor(options: NewEntriesOptions) {
    this.#options = options;
  }

  /**
   * Incidents side by side, the entries of one incident strictly one after another: the next only once the former is
   * confirmed, or a failure could swap them.
   * @param check throws where nothing may be published any more
   * @returns how many were new
   * @throws StoreError, PublishError, or what `check` threw
   */
  async publish(
    { entries, unreadable }: WindowContent,
    mayBeRepeat: (entry: LogEntry) => boolean,
    check: () => void,
  ): Promise<number> {
    const { seen, services, counters } = this.#options;
    for (const value of unreadable) await this.#setAsideOnce(value);
    const known = await seen.has(entries.map(({ id }) => id));
    const fresh = entries.filter(({ id, serviceId }) => {
      if (known.has(id)) return false;
      return services === undefined || (serviceId !== null && services.has(serviceId));
    });
    counters.read(entries.length, entries.length - fresh.length);
    await eachLine(linesOf(fresh), async (line) => {
      for (const entry of line) {
        check();
        await this.#publishOne(entry, mayBeRepeat(entry));
        await seen.mark([entry.id]);
        counters.published(entry);
      }
    });
    return fresh.length;
  }

  async #publishOne(entry: LogEntry, again: boolean): Promise<void> {
    try {
      await this.#options.publication.publish(entry, again);
    } catch (error) {
      // One odd entry must not stop the others.
      if (!(error instanceof NoWebhook)) throw error;
      const { id, type, createdAt } = entry;
      await this.#setAside(id, textOfJson(entry.fields) ?? JSON.stringify({ id, type, createdAt }), error.message);
    }
  }

  /** It has no id, so it goes by its content; it is read again as long as it lies in the overlap. */
  async #setAsideOnce(value: unknown): Promise<void> {
    const { seen } = this.#options;
    const id = `unreadable-${contentHash(value)}`;
    if ((await seen.has([id])).has(id)) return;
    await this.#setAside(id, textOfJson(value) ?? '', 'a log entry that is no JSON object');
    await seen.mark([id]);
  }

  async #setAside(id: string, content: string, problem: string): Promise<void> {
    await this.#options.settingAside.put(id, content, problem);
    this.#options.counters.setAside();
    this.#options.log.error('a log entry that cannot become a webhook: dead letter', { id, problem });
  }
}

/** The entries of each incident, in their order; an entry without an incident stands alone. */
function linesOf(entries: readonly LogEntry[]): LogEntry[][] {
  const lines = new Map<string, LogEntry[]>();
  for (const entry of entries) {
    const key = entry.incidentId ?? `entry ${entry.id}`;
    const line = lines.get(key);
    if (line === undefined) lines.set(key, [entry]);
    else line.push(entry);
  }
  return [...lines.values()];
}

/** Works on several lines at one time, beginning with the oldest. Settles once all that began have ended. */
async function eachLine(lines: readonly LogEntry[][], work: (line: LogEntry[]) => Promise<void>): Promise<void> {
  const waiting = lines[Symbol.iterator]();
  const failures: unknown[] = [];
  const worker = async () => {
    for (const line of waiting) {
      if (failures.length > 0) return;
      await work(line).catch((error: unknown) => failures.push(error));
    }
  };
  await Promise.all(Array.from({ length: CONCURRENT_INCIDENTS }, worker));
  if (failures.length > 0) throw failures[0];
}
