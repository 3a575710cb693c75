import { type LogEntriesApi, type WindowContent, type WindowReader } from '@pdaltagent/rest-api';
import { type Logger } from '@pdaltagent/service';
import { type Cursor, type Position } from '@pdaltagent/store';
import { type LogEntry } from '@pdaltagent/webhooks';
import { type Counters } from './counters';
import { type NewEntries } from './new-entries';
import { farthestCursor, nextWindow } from './time-window';

const FIRST_START_MS = 5 * 60_000;
/** In a quiet account the cursor follows PagerDuty's clock at this distance, far beyond any lateness or skew. */
const QUIET_MS = 5 * 60_000;
/** From this lag on a round is a catch-up and tells how far it is. */
const CATCH_UP_MS = 10 * 60_000;

export interface RoundOptions {
  readonly api: Pick<LogEntriesApi, 'serverNow'>;
  readonly reader: WindowReader;
  readonly newEntries: NewEntries;
  readonly cursor: Cursor;
  readonly overlapMs: number;
  /** Where a first start begins; milliseconds since 1970. */
  readonly since: number | undefined;
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

  /**
   * To be called now and then while another process polls: where Redis is emptied, whoever polls next goes on from where
   * the other was. @throws StoreError
   */
  async standBy(): Promise<void> {
    this.#suspicious = true;
    this.#options.counters.reached(null);
    this.#position = (await this.#options.cursor.read()) ?? this.#position;
  }

  /** To be called now and then while nothing can be published, so that the lag is known. @throws StoreError */
  async locate(): Promise<void> {
    const stored = await this.#options.cursor.read();
    if (stored !== null) this.#options.counters.reachedFirst(stored.cursor);
  }

  /**
   * @param check throws where nothing may be published any more
   * @throws StoreError, PublishError, or what `check` threw; the next round then begins where this one did
   */
  async run(signal: AbortSignal, check = () => signal.throwIfAborted()): Promise<void> {
    const suspicious = this.#suspicious;
    this.#suspicious = true;
    const { api, reader, newEntries, overlapMs, counters } = this.#options;
    const from = await this.#currentPosition();
    // A Redis that takes nothing must end the round before anything is published that could not be marked.
    await this.#options.cursor.advance(from);
    counters.reachedFirst(from.cursor);
    const began = Date.now();
    const now = Math.max(began, api.serverNow() ?? 0);
    let position = from;
    let progress = 0;
    for await (const content of reader.read(nextWindow({ ...from, overlapMs, now }), signal)) {
      // What is new behind the cursor is late, or was published and forgotten: nobody but the sender can tell.
      const mayBeRepeat = ({ createdAt }: LogEntry) => suspicious || (createdAt !== null && createdAt <= from.cursor);
      progress += await newEntries.publish(content, mayBeRepeat, check);
      position = await this.#advance(position, newestOf(content.entries, farthestCursor(now)));
      this.#tellProgress(content, began, progress);
    }
    const quiet = (api.serverNow() ?? Number.NEGATIVE_INFINITY) - QUIET_MS;
    await this.#advance(position, Math.min(quiet, now - QUIET_MS));
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

  /** Into the metrics always, into the log only where much is behind. */
  #tellProgress({ window }: WindowContent, began: number, published: number): void {
    const { counters, log } = this.#options;
    const wasBehind = counters.lagMs() > CATCH_UP_MS;
    counters.reached(Math.min(window.until, began));
    const lagSeconds = Math.round(counters.lagMs() / 1000);
    if (counters.lagMs() > CATCH_UP_MS)
      log.info('catching up', { at: isoOf(window.until), lagSeconds, entriesPublished: published });
    else if (wasBehind) log.info('caught up', { lagSeconds, entriesPublished: published });
  }
}

/** A time beyond the bound is nonsense, and a cursor there would skip everything until then. */
function newestOf(entries: readonly LogEntry[], farthest: number): number {
  const times = entries
    .map(({ createdAt }) => createdAt ?? Number.NEGATIVE_INFINITY)
    .filter((time) => time <= farthest);
  return times.reduce((newest, time) => Math.max(newest, time), Number.NEGATIVE_INFINITY);
}

function isoOf(time: number): string {
  return new Date(time).toISOString();
}
