import { type LogEntriesApi, type WindowReader } from '@pdaltagent/rest-api';
import { type Logger } from '@pdaltagent/service';
import { type Cursor, type Position, type SeenEntries } from '@pdaltagent/store';
import { type LogEntry } from '@pdaltagent/webhooks';
import { type Counters } from './counters';
import { type Publication } from './publication';
import { nextWindow } from './time-window';

/** Incidents whose webhooks are on their way to the broker at one time. */
const CONCURRENT_INCIDENTS = 100;
const FIRST_START_MS = 5 * 60_000;
/** In a quiet account the cursor follows PagerDuty's clock at this distance, far beyond any lateness or skew. */
const QUIET_MS = 5 * 60_000;
/** From this lag on a round is a catch-up and tells how far it is. */
const CATCH_UP_MS = 10 * 60_000;

export interface RoundOptions {
  readonly api: Pick<LogEntriesApi, 'serverNow'>;
  readonly reader: WindowReader;
  readonly publication: Publication;
  readonly seen: SeenEntries;
  readonly cursor: Cursor;
  readonly overlapMs: number;
  /** Where a first start begins; milliseconds since 1970. */
  readonly since: number | undefined;
  /** Only entries of these services. */
  readonly services: ReadonlySet<string> | undefined;
  readonly counters: Counters;
  readonly log: Logger;
}

/**
 * One look at the log: read from an overlap before the cursor, drop what was seen, publish oldest first, mark as seen what
 * the broker confirmed, then move the cursor. An end at any point repeats at most what was not marked; nothing is skipped.
 */
export class Round {
  readonly #options: RoundOptions;
  #position: Position | null = null;
  /** Whether a former round, here or in another process, may have published what it did not mark. */
  #suspicious = true;

  constructor(options: RoundOptions) {
    this.#options = options;
  }

  /** To be called when another process may have polled meanwhile. */
  suspect(): void {
    this.#suspicious = true;
  }

  /** @throws StoreError, PublishError, or the signal's reason; the next round then begins where this one did */
  async run(signal: AbortSignal): Promise<void> {
    const again = this.#suspicious;
    this.#suspicious = true;
    const { api, reader, overlapMs, log, counters } = this.#options;
    let position = await this.#currentPosition();
    const now = Math.max(Date.now(), api.serverNow() ?? 0);
    const window = nextWindow({ ...position, overlapMs, now });
    for await (const content of reader.read(window, signal)) {
      await this.#send(content.entries, again, signal);
      const newest = newestOf(content.entries, window.until);
      position = await this.#advance(position, newest);
      const lagMs = window.until - content.window.until;
      counters.lag(lagMs);
      if (lagMs > CATCH_UP_MS) log.info('catching up', { at: isoOf(content.window.until), lagSeconds: lagMs / 1000 });
    }
    const quiet = (api.serverNow() ?? Number.NEGATIVE_INFINITY) - QUIET_MS;
    await this.#advance(position, Math.min(quiet, window.until - QUIET_MS));
    this.#suspicious = false;
  }

  async #currentPosition(): Promise<Position> {
    const { cursor, since, log } = this.#options;
    const stored = await cursor.read();
    if (stored !== null) return (this.#position = stored);
    if (this.#position !== null) {
      log.warn('Redis was emptied: going on from the cursor in memory; webhooks may be repeated');
      await cursor.advance(this.#position);
      return this.#position;
    }
    const start = since ?? Date.now() - FIRST_START_MS;
    log.warn('there is no cursor in Redis (a first start, or it was emptied): reading begins at a time of its own', {
      since: isoOf(start),
      from: since === undefined ? 'five minutes ago' : 'PDAGENTD_POLL_SINCE',
    });
    this.#position = { start, cursor: start };
    await cursor.advance(this.#position);
    return this.#position;
  }

  async #advance(position: Position, cursor: number): Promise<Position> {
    const advanced = { ...position, cursor: Math.max(position.cursor, cursor) };
    if (advanced.cursor > position.cursor) await this.#options.cursor.advance(advanced);
    return (this.#position = advanced);
  }

  async #send(entries: readonly LogEntry[], again: boolean, signal: AbortSignal): Promise<void> {
    const { seen, services, counters } = this.#options;
    const known = await seen.has(entries.map(({ id }) => id));
    const fresh = entries.filter(({ id, serviceId }) => {
      if (known.has(id)) return false;
      return services === undefined || (serviceId !== null && services.has(serviceId));
    });
    counters.read(entries.length, entries.length - fresh.length);
    await eachLine(linesOf(fresh), async (line) => {
      // Strictly one after another: the next only once the former is confirmed, or a failure could swap them.
      for (const entry of line) {
        signal.throwIfAborted();
        await this.#options.publication.publish(entry, again);
        await seen.mark([entry.id]);
        counters.published(entry);
      }
    });
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

/** A time beyond the window is nonsense, and a cursor there would skip everything until then. */
function newestOf(entries: readonly LogEntry[], until: number): number {
  const times = entries.map(({ createdAt }) => createdAt ?? Number.NEGATIVE_INFINITY).filter((time) => time <= until);
  return times.reduce((newest, time) => Math.max(newest, time), Number.NEGATIVE_INFINITY);
}

function isoOf(time: number): string {
  return new Date(time).toISOString();
}
