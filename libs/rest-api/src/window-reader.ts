import { type Clock, delay, type Random, SYSTEM_CLOCK, SYSTEM_RANDOM } from '@pdaltagent/clock';
import { backoffMs } from '@pdaltagent/delivery';
import { type LogEntry, oldestFirst, parseLogEntry } from '@pdaltagent/webhooks';
import { type Log } from './log';
import {
  type LogEntriesApi,
  type Page,
  PAGE_LIMIT,
  type PageFailure,
  type PageQuery,
  RECORD_LIMIT,
} from './log-entries-api';
import { halvesOf, type TimeWindow } from './time-window';

export interface ReaderDelays {
  /** First and longest wait after a failed page; milliseconds. */
  readonly baseMs: number;
  readonly capMs: number;
  /** While the token is rejected; milliseconds. */
  readonly refusedMs: number;
}

export const READER_DELAYS: ReaderDelays = { baseMs: 1_000, capMs: 60_000, refusedMs: 60_000 };

/** Windows longer than this are counted first, so that halving one costs one request rather than a hundred. */
const COUNT_FROM_MS = 10 * 60_000;
/** After this many failures to count a window it is halved: it may be too wide for PagerDuty. */
const ATTEMPTS_BEFORE_HALVING = 3;
/** Records of a counted window to hold in memory. */
const MAX_RECORDS_IN_MEMORY = 2_000;

export interface WindowReaderOptions {
  readonly api: Pick<LogEntriesApi, 'page'>;
  readonly log: Log;
  readonly delays?: ReaderDelays;
  readonly onPageResult?: (failure: PageFailure | null) => void;
  readonly clock?: Clock;
  readonly random?: Random;
}

/** The content of one window. */
export interface WindowContent {
  readonly window: TimeWindow;
  /** Every entry in it, oldest first; those of one second in PagerDuty's order. */
  readonly entries: readonly LogEntry[];
  /** Elements of the list that are not JSON objects. */
  readonly unreadable: readonly unknown[];
}

/** Reads windows of the log completely: a page that fails is retried until it succeeds. */
export class WindowReader {
  readonly #options: Required<WindowReaderOptions>;

  constructor(options: WindowReaderOptions) {
    const defaults = {
      delays: READER_DELAYS,
      onPageResult: () => undefined,
      clock: SYSTEM_CLOCK,
      random: SYSTEM_RANDOM,
    };
    this.#options = { ...defaults, ...options };
  }

  /** The window's content, oldest part first: as a whole, or recursively halved if it has too many records. */
  async *read(window: TimeWindow, signal: AbortSignal): AsyncGenerator<WindowContent, void, void> {
    const halves = halvesOf(window);
    const content = await this.#readWindow(window, halves !== null, signal);
    if (content !== null || halves === null) {
      yield { window, entries: [], unreadable: [], ...content };
      return;
    }
    yield* this.read(halves[0], signal);
    yield* this.read(halves[1], signal);
  }

  /** Null if the window has to be halved. */
  async #readWindow(window: TimeWindow, divisible: boolean, signal: AbortSignal): Promise<WindowContent | null> {
    const entries = new Map<string, LogEntry>();
    const unreadable: unknown[] = [];
    const withTotal = divisible && window.until - window.since > COUNT_FROM_MS;
    for (let offset = 0; ; offset += PAGE_LIMIT) {
      if (offset + PAGE_LIMIT > RECORD_LIMIT) {
        if (divisible) return null;
        this.#options.log.error('more than 10,000 log entries in two seconds: PagerDuty returns no more of them', {
          window,
        });
        break;
      }
      const withCount = withTotal && offset === 0;
      const page = await this.#page(
        { window, offset, withTotal: withCount },
        signal,
        withCount ? ATTEMPTS_BEFORE_HALVING : Infinity,
      );
      if (page === null) return null;
      if (divisible && page.total !== null && page.total > MAX_RECORDS_IN_MEMORY) return null;
      for (const value of page.entries) {
        const entry = parseLogEntry(value);
        if (entry === null) {
          unreadable.push(value);
          continue;
        }
        // Entries that appear while pages are read shift the following pages: an entry's last occurrence has its
        // right place.
        entries.delete(entry.id);
        entries.set(entry.id, entry);
      }
      if (!page.more) break;
    }
    return { window, entries: oldestFirst([...entries.values()]), unreadable };
  }

  /**
   * Retries until there is a page, or the signal aborts. Null after `wideAttempts` failures that may be due to the
   * width of the window.
   */
  async #page(query: PageQuery, signal: AbortSignal, wideAttempts: number): Promise<Page | null> {
    const { api, delays, log, onPageResult, clock, random } = this.#options;
    let tooWide = 0;
    for (let failures = 1; ; failures += 1) {
      const result = await api.page(query, signal);
      if (result.kind === 'page') {
        onPageResult(null);
        return result;
      }
      const waitMs = delayAfter(result, failures, delays, random);
      onPageResult(result);
      log.warn(explain(result), { waitSeconds: Math.ceil(waitMs / 1000), offset: query.offset });
      await delay(clock, waitMs, signal);
      if (maybeTooWide(result)) tooWide += 1;
      if (tooWide >= wideAttempts) return null;
    }
  }
}

/** Whether PagerDuty rejected the request or could not answer it in time, which a narrower window may avoid. */
function maybeTooWide(failure: PageFailure): boolean {
  if (failure.kind !== 'failed') return false;
  return failure.status === 400 || failure.status === 504 || failure.hasTimedOut === true;
}

function delayAfter(
  failure: PageFailure,
  failures: number,
  { baseMs, capMs, refusedMs }: ReaderDelays,
  random: Random,
): number {
  const backoff = baseMs / 2 + backoffMs(failures, random.fraction(), { baseMs, capMs });
  switch (failure.kind) {
    case 'refused':
      return refusedMs;
    case 'throttled':
      return Math.max(failure.waitMs ?? backoff, baseMs / 2);
    case 'failed':
      return backoff;
  }
}

function explain(failure: PageFailure): string {
  switch (failure.kind) {
    case 'refused':
      return (
        `PagerDuty rejects PDAGENTD_API_TOKEN (status ${failure.status}): no webhooks until the token may read log ` +
        'entries; a token of the EU region requires PDAGENTD_API_BASE_URL=https://api.eu.pagerduty.com'
      );
    case 'throttled':
      return 'PagerDuty’s rate limit is reached (status 429)';
    case 'failed':
      return `a page of log entries could not be read, retrying: ${failure.detail}`;
  }
}
