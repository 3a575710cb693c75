import { backoffMs } from '@pdaltagent/delivery';
import { byCreation, type LogEntry, parseLogEntry } from '@pdaltagent/webhooks';
import { setTimeout as delay } from 'node:timers/promises';
import { type Log } from './log';
import {
  type LogEntriesApi,
  type Page,
  PAGE_LIMIT,
  type PageQuery,
  RECORD_LIMIT,
  type Trouble,
} from './log-entries-api';
import { halvesOf, type TimeWindow } from './time-window';

export interface ReaderWaits {
  /** First and longest wait after a failed page; milliseconds. */
  readonly baseMs: number;
  readonly capMs: number;
  /** While the token is refused; milliseconds. */
  readonly refusedMs: number;
}

export const READER_WAITS: ReaderWaits = { baseMs: 1_000, capMs: 60_000, refusedMs: 60_000 };

/** Windows longer than this are counted first, so that halving one costs a request and not a hundred. */
const COUNT_FROM_MS = 10 * 60_000;
/** Of a counted window, what is held in memory at one time. */
const COMFORTABLE = 2_000;

export interface WindowReaderOptions {
  readonly api: Pick<LogEntriesApi, 'page'>;
  readonly log: Log;
  readonly waits?: ReaderWaits;
  readonly onTrouble?: (trouble: Trouble | null) => void;
}

/** What was read of one window: every entry in it, oldest first. */
export interface WindowContent {
  readonly window: TimeWindow;
  readonly entries: readonly LogEntry[];
}

/** Reads windows of the log completely: a page that fails is read again until it comes. */
export class WindowReader {
  readonly #options: Required<WindowReaderOptions>;

  constructor(options: WindowReaderOptions) {
    this.#options = { waits: READER_WAITS, onTrouble: () => undefined, ...options };
  }

  /** The window's content, oldest part first: whole, or in halves of halves where it holds too many records. */
  async *read(window: TimeWindow, signal: AbortSignal): AsyncGenerator<WindowContent, void, void> {
    const halves = halvesOf(window);
    const entries = await this.#wholeWindow(window, halves !== null, signal);
    if (entries !== null || halves === null) {
      yield { window, entries: entries ?? [] };
      return;
    }
    yield* this.read(halves[0], signal);
    yield* this.read(halves[1], signal);
  }

  /** Null where the window has to be halved. */
  async #wholeWindow(window: TimeWindow, divisible: boolean, signal: AbortSignal): Promise<LogEntry[] | null> {
    const entries = new Map<string, LogEntry>();
    const withTotal = divisible && window.until - window.since > COUNT_FROM_MS;
    for (let offset = 0; ; offset += PAGE_LIMIT) {
      if (offset + PAGE_LIMIT > RECORD_LIMIT) {
        if (divisible) return null;
        this.#options.log.error('more than 10,000 log entries in two seconds: PagerDuty shows no more of them', {
          window,
        });
        break;
      }
      const page = await this.#page({ window, offset, withTotal: withTotal && offset === 0 }, signal);
      if (divisible && page.total !== null && page.total > COMFORTABLE) return null;
      for (const entry of this.#entriesOf(page)) entries.set(entry.id, entry);
      if (!page.more) break;
    }
    return [...entries.values()].sort(byCreation);
  }

  #entriesOf(page: Page): readonly LogEntry[] {
    const entries = page.entries.flatMap((value) => parseLogEntry(value) ?? []);
    const unreadable = page.entries.length - entries.length;
    if (unreadable > 0) this.#options.log.error('log entries that are no JSON objects: skipped', { count: unreadable });
    return entries;
  }

  /** The page, whatever it takes: only the signal ends the attempts. */
  async #page(query: PageQuery, signal: AbortSignal): Promise<Page> {
    const { api, waits, log, onTrouble } = this.#options;
    for (let failures = 1; ; failures += 1) {
      const answer = await api.page(query, signal);
      if (answer.kind === 'page') {
        onTrouble(null);
        return answer;
      }
      const waitMs = waitAfter(answer, failures, waits);
      onTrouble(answer);
      log.warn(explain(answer), { waitSeconds: Math.ceil(waitMs / 1000), offset: query.offset });
      await delay(waitMs, undefined, { signal });
    }
  }
}

function waitAfter(trouble: Trouble, failures: number, { baseMs, capMs, refusedMs }: ReaderWaits): number {
  const backoff = baseMs / 2 + backoffMs(failures, Math.random(), { baseMs, capMs });
  switch (trouble.kind) {
    case 'refused':
      return refusedMs;
    case 'throttled':
      return Math.max(trouble.waitMs ?? backoff, baseMs / 2);
    case 'failed':
      return backoff;
  }
}

function explain(trouble: Trouble): string {
  switch (trouble.kind) {
    case 'refused':
      return `PagerDuty refuses PDAGENTD_API_TOKEN (status ${trouble.status}): no webhooks until it is one that may read log entries`;
    case 'throttled':
      return 'PagerDuty asks to wait (status 429)';
    case 'failed':
      return `a page of log entries could not be read and is read again: ${trouble.detail}`;
  }
}
