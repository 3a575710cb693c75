import { type FactRecorder } from '@pdaltagent/journal';
import { type WindowContent, type WindowReader } from '@pdaltagent/rest-api';
import { type Logger } from '@pdaltagent/service';
import { type Cursor, type Position } from '@pdaltagent/store';
import { type LogEntry } from '@pdaltagent/webhooks';
import { type Clocks, earliestNow } from './clocks';
import { type Counters } from './counters';
import { type EntryPublisher } from './entry-publisher';
import { nextWindow } from './time-window';

const FIRST_START_MS = 5 * 60_000;
/** In a quiet account the cursor follows the slower clock at this distance, far beyond any delay or skew. */
const QUIET_LAG_MS = 5 * 60_000;
/** Above this lag a cycle logs its progress. */
const CATCHING_UP_LAG_MS = 10 * 60_000;
/**
 * A cursor further ahead of PagerDuty's clock is wrong; less may be due to a cached response or the whole seconds of
 * a Date.
 */
const FUTURE_TOLERANCE_MS = 60_000;

export interface PollCycleOptions {
  readonly clocks: Clocks;
  readonly reader: WindowReader;
  readonly entryPublisher: EntryPublisher;
  readonly cursor: Cursor;
  readonly overlapMs: number;
  /** Where a first start begins to read; milliseconds since 1970. */
  readonly since: number | undefined;
  readonly counters: Counters;
  readonly journal: FactRecorder;
  readonly log: Logger;
}

/**
 * One poll cycle: read from an overlap before the cursor, drop seen entries, publish the others oldest first, mark
 * each as seen once confirmed, then move the cursor. If it is aborted at any point, entries not yet marked are
 * repeated; none is skipped.
 */
export class PollCycle {
  readonly #options: PollCycleOptions;
  #position: Position | null = null;
  /** Whether a previous cycle, here or in another process, may have published entries that it did not mark. */
  #mayRepeat = true;

  constructor(options: PollCycleOptions) {
    this.#options = options;
  }

  /**
   * To be called periodically while this process does not poll: if Redis is emptied and this process takes over, it
   * continues from the other's position. @param isPolled whether another process is known to poll. @throws StoreError
   */
  async standBy(isPolled: boolean): Promise<void> {
    const { counters, cursor } = this.#options;
    this.#mayRepeat = true;
    if (isPolled) counters.setLag(null);
    else counters.pollerUnknown();
    this.#position = (await cursor.read()) ?? this.#position;
  }

  /** To be called periodically while nothing can be published, so that the lag is known. @throws StoreError */
  async reportLag(): Promise<void> {
    const stored = await this.#options.cursor.read();
    if (stored !== null) this.#options.counters.initializeLag(stored.cursor);
  }

  /**
   * @param check throws if nothing more may be published
   * @throws StoreError, PublishError, or what `check` threw; the next cycle then begins where this one did
   */
  async run(signal: AbortSignal, check = () => signal.throwIfAborted()): Promise<void> {
    const mayRepeat = this.#mayRepeat;
    this.#mayRepeat = true;
    const { clocks, reader, entryPublisher, overlapMs, counters } = this.#options;
    const from = await this.#plausiblePosition(await this.#currentPosition());
    // If Redis accepts no writes, the cycle must fail before anything is published that could not be marked.
    await this.#options.cursor.advance(from);
    counters.initializeLag(from.cursor);
    const startedAt = clocks.monotonic();
    const times = clocks.times();
    // The cursor does not go beyond this, whatever an entry's time: entries that appear from now on may not have been
    // read.
    const past = earliestNow(times);
    let position = from;
    let progress = 0;
    for await (const content of reader.read(nextWindow({ ...from, overlapMs, times }), signal)) {
      // An unseen entry before the cursor is late, or was published and forgotten: only the sender knows.
      const mayBeRepeat = ({ createdAt }: LogEntry) => mayRepeat || (createdAt !== null && createdAt <= from.cursor);
      progress += await entryPublisher.publish(content, mayBeRepeat, check);
      position = await this.#advance(position, newestOf(content.entries, Math.min(past, content.window.until)));
      this.#reportProgress(content, startedAt, progress);
    }
    // Only with PagerDuty's clock does an empty log show that there was nothing to read.
    if (times.pagerDuty !== null) await this.#advance(position, past - QUIET_LAG_MS);
    clocks.compare();
    this.#mayRepeat = false;
  }

  /**
   * A cursor ahead of PagerDuty's clock would skip everything until then: this machine's clock was ahead at the first
   * start, or a previous version trusted a wrong clock. What was skipped before is unknown here.
   */
  async #plausiblePosition(position: Position): Promise<Position> {
    const { clocks, cursor, since, log } = this.#options;
    const { ours, pagerDuty } = clocks.times();
    // An operator may have set PDAGENTD_POLL_SINCE to a later time on purpose.
    if (pagerDuty === null || position.cursor <= pagerDuty + FUTURE_TOLERANCE_MS || position.cursor === since)
      return position;
    // If it was set by our clock, and that is still ahead, this is the intended position.
    const intended = Math.min(pagerDuty, position.cursor - Math.max(0, ours - pagerDuty)) - FIRST_START_MS;
    const plausible = { start: Math.min(position.start, intended), cursor: intended };
    log.error(
      'the cursor is ahead of PagerDuty’s clock: moving it back; if webhooks are missing, use pdaltagent webhooks replay',
      { cursor: toIso(position.cursor), from: toIso(intended) },
    );
    await cursor.moveBack(plausible);
    return (this.#position = plausible);
  }

  async #currentPosition(): Promise<Position> {
    const { cursor, since, log } = this.#options;
    const stored = await cursor.read();
    if (stored !== null) return (this.#position = stored);
    if (this.#position !== null) {
      log.warn('Redis was emptied: continuing from the cursor in memory; webhooks may be repeated');
      await cursor.advance(this.#position);
      return this.#position;
    }
    const start = since ?? earliestNow(this.#options.clocks.times()) - FIRST_START_MS;
    log.warn(
      'there is no cursor in Redis (a first start, or it was emptied): reading begins at PDAGENTD_POLL_SINCE, by default five minutes ago',
      {
        since: toIso(start),
        from: since === undefined ? 'five minutes ago' : 'PDAGENTD_POLL_SINCE',
      },
    );
    this.#position = { start, cursor: start };
    await cursor.advance(this.#position);
    return this.#position;
  }

  async #advance(position: Position, cursor: number): Promise<Position> {
    const advanced = { ...position, cursor: Math.max(position.cursor, cursor) };
    if (advanced.cursor > position.cursor) await this.#options.cursor.advance(advanced);
    return (this.#position = advanced);
  }

  /** Always updates the metrics and the journal; logs only while the lag is large. @param startedAt on the monotonic clock */
  #reportProgress({ window, entries }: WindowContent, startedAt: number, published: number): void {
    const { clocks, counters, journal, log } = this.#options;
    const wasBehind = counters.lagMs() > CATCHING_UP_LAG_MS;
    const sinceBegan = clocks.monotonic() - startedAt;
    const now = clocks.now();
    const reached = Math.min(window.until, now - sinceBegan);
    counters.setLag(now - reached);
    const { since: from, until: to } = window;
    journal.record({ kind: 'polled', from, to, entries: entries.length, lag: Math.round(counters.lagMs()) });
    const lagSeconds = Math.round(counters.lagMs() / 1000);
    if (counters.lagMs() > CATCHING_UP_LAG_MS)
      log.info('catching up', { at: toIso(reached), lagSeconds, entriesPublished: published });
    else if (wasBehind) log.info('caught up', { lagSeconds, entriesPublished: published });
  }
}

/** Ignores times beyond the bound: a cursor there would skip everything until then. */
function newestOf(entries: readonly LogEntry[], farthest: number): number {
  const times = entries
    .map(({ createdAt }) => createdAt ?? Number.NEGATIVE_INFINITY)
    .filter((time) => time <= farthest);
  return times.reduce((newest, time) => Math.max(newest, time), Number.NEGATIVE_INFINITY);
}

function toIso(time: number): string {
  return new Date(time).toISOString();
}
