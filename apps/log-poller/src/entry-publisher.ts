import { type Clock, SYSTEM_CLOCK } from '@pdaltagent/clock';
import { type FactRecorder } from '@pdaltagent/journal';
import { type WindowContent } from '@pdaltagent/rest-api';
import { type Logger } from '@pdaltagent/service';
import { type SeenEntries } from '@pdaltagent/store';
import { contentHash, type LogEntry, textOfJson } from '@pdaltagent/webhooks';
import { type Counters } from './counters';
import { ConversionError, type WebhookPublisher } from './webhook-publisher';
import { type UnconvertibleEntries } from './unconvertible-entries';

/** Incidents whose webhooks are published concurrently. */
const CONCURRENT_INCIDENTS = 100;

export interface EntryPublisherOptions {
  readonly webhookPublisher: WebhookPublisher;
  readonly unconvertible: UnconvertibleEntries;
  readonly seen: SeenEntries;
  /** Only entries of these services. */
  readonly services: ReadonlySet<string> | undefined;
  readonly counters: Counters;
  readonly journal: FactRecorder;
  readonly log: Logger;
  readonly clock?: Clock;
}

/** Publishes entries that were not published before, and marks each as seen once the broker has confirmed it. */
export class EntryPublisher {
  readonly #options: EntryPublisherOptions;

  constructor(options: EntryPublisherOptions) {
    this.#options = options;
  }

  /**
   * Incidents concurrently, the entries of one incident strictly one after another: the next only once the previous
   * one is confirmed, because a failure could otherwise swap them.
   * @param check throws if nothing more may be published
   * @returns the number of new entries
   * @throws StoreError, PublishError, or what `check` threw
   */
  async publish(
    { entries, unreadable }: WindowContent,
    mayBeRepeat: (entry: LogEntry) => boolean,
    check: () => void,
  ): Promise<number> {
    const { seen, services, counters } = this.#options;
    for (const value of unreadable) await this.#deadLetterOnce(value);
    const known = await seen.has(entries.map(({ id }) => id));
    const unseen = entries.filter(({ id, serviceId }) => {
      if (known.has(id)) return false;
      return services === undefined || (serviceId !== null && services.has(serviceId));
    });
    counters.countRead(entries.length, entries.length - unseen.length);
    await forEachIncident(entriesByIncident(unseen), async (incident) => {
      for (const entry of incident) {
        check();
        await this.#publishOne(entry, mayBeRepeat(entry));
        await seen.mark([entry.id]);
        counters.countPublished(entry);
      }
    });
    return unseen.length;
  }

  async #publishOne(entry: LogEntry, maybeDuplicate: boolean): Promise<void> {
    try {
      await this.#options.webhookPublisher.publish(entry, maybeDuplicate);
    } catch (error) {
      // One bad entry must not stop the others.
      if (!(error instanceof ConversionError)) throw error;
      const { id, type, createdAt } = entry;
      await this.#deadLetter(id, textOfJson(entry.fields) ?? JSON.stringify({ id, type, createdAt }), error.message);
    }
  }

  /** It has no id, so its content identifies it; it is read again as long as it is in the overlap. */
  async #deadLetterOnce(value: unknown): Promise<void> {
    const { seen } = this.#options;
    const id = `unreadable-${contentHash(value)}`;
    if ((await seen.has([id])).has(id)) return;
    await this.#deadLetter(id, textOfJson(value) ?? '', 'the log entry is not a JSON object');
    await seen.mark([id]);
  }

  async #deadLetter(id: string, content: string, problem: string): Promise<void> {
    const { unconvertible, counters, journal, log, clock = SYSTEM_CLOCK } = this.#options;
    await unconvertible.deadLetter(id, content, problem);
    counters.countDeadLettered();
    // It was for no destination in particular.
    const message = { group: 'webhooks', id, type: 'webhook', key: '', accepted: clock.wall() } as const;
    journal.record({ kind: 'dead-lettered', ...message, reason: 'foreign' });
    log.error('dead letter: a log entry cannot be converted to a webhook', { id, problem });
  }
}

/** The entries of each incident, in order; each entry without an incident by itself. */
function entriesByIncident(entries: readonly LogEntry[]): LogEntry[][] {
  const incidents = new Map<string, LogEntry[]>();
  for (const entry of entries) {
    const key = entry.incidentId ?? `entry ${entry.id}`;
    const incident = incidents.get(key);
    if (incident === undefined) incidents.set(key, [entry]);
    else incident.push(entry);
  }
  return [...incidents.values()];
}

/** Works on several incidents concurrently, oldest first. Settles once every one that was started has ended. */
async function forEachIncident(
  incidents: readonly LogEntry[][],
  work: (incident: LogEntry[]) => Promise<void>,
): Promise<void> {
  const waiting = incidents[Symbol.iterator]();
  const failures: unknown[] = [];
  const worker = async () => {
    for (const incident of waiting) {
      if (failures.length > 0) return;
      await work(incident).catch((error: unknown) => failures.push(error));
    }
  };
  await Promise.all(Array.from({ length: CONCURRENT_INCIDENTS }, worker));
  if (failures.length > 0) throw failures[0];
}
