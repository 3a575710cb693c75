import { type Clock, delay, SYSTEM_CLOCK } from '@pdaltagent/clock';
import { kindOfText, retryAfterMs } from '@pdaltagent/delivery';
import { objectOf } from '@pdaltagent/webhooks';
import { authorizationOf } from './authorization';
import { type TimeWindow } from './time-window';

/** The most records per page, and the limit of offset + limit (beyond it: 400). REST API, "Pagination". */
export const PAGE_LIMIT = 100;
export const RECORD_LIMIT = 10_000;

/** A token may make 960 requests a minute: with this average spacing and burst, we stay below. */
const SPACING_MS = 68;
const BURST = 60;
/** Larger than any page of a hundred entries. */
export const PAGE_BYTES_LIMIT = 64 * 1024 * 1024;

type HttpResponse = Extract<Awaited<ReturnType<HttpClient['get']>>, { readonly kind: 'response' }>;

/** GET over HTTP: one attempt, which rejects only if the signal aborted it. Header names are in lower case. */
export interface HttpClient {
  get(
    url: string,
    headers: Readonly<Record<string, string>>,
    signal?: AbortSignal,
  ): Promise<
    | {
        readonly kind: 'response';
        readonly status: number;
        readonly headers: Readonly<Record<string, unknown>>;
        readonly body: string;
      }
    | { readonly kind: 'fault'; readonly fault: string; readonly detail: string }
  >;
}

export interface PageQuery {
  readonly window: TimeWindow;
  readonly offset: number;
  /** Requests the number of records in the window, which is slower. */
  readonly withTotal: boolean;
}

export interface Page {
  readonly kind: 'page';
  readonly entries: readonly unknown[];
  readonly more: boolean;
  /** Records in the whole window; null if not requested or not returned. */
  readonly total: number | null;
}

/** Why there is no page. refused: the token is wrong or may not read log entries. */
export type PageFailure =
  | { readonly kind: 'refused'; readonly status: number }
  | { readonly kind: 'throttled'; readonly waitMs: number | undefined }
  | { readonly kind: 'failed'; readonly detail: string; readonly status?: number; readonly hasTimedOut?: boolean };

export interface LogEntriesApiOptions {
  readonly httpClient: HttpClient;
  readonly baseUrl: string;
  readonly token: string;
  /** All log entries, or only those of the overview. */
  readonly all: boolean;
  /** Average time between two requests; milliseconds. */
  readonly spacingMs?: number;
  /** How many requests may be sent without spacing after a pause. */
  readonly burst?: number;
  readonly clock?: Clock;
}

/** GET /log_entries: one call is one request, without retries. */
export class LogEntriesApi {
  readonly #httpClient: HttpClient;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #baseUrl: string;
  readonly #all: boolean;
  readonly #spacingMs: number;
  readonly #burst: number;
  readonly #clock: Clock;
  /** On the monotonic clock, like #evenly. */
  #notBefore = Number.NEGATIVE_INFINITY;
  /** When the next request would be sent with even spacing. */
  #nextSlotAt = Number.NEGATIVE_INFINITY;
  /** PagerDuty's clock when our monotonic clock was at `at`. */
  #serverTime: { readonly shown: number; readonly at: number } | null = null;

  constructor({ httpClient, baseUrl, token, all, ...options }: LogEntriesApiOptions) {
    this.#httpClient = httpClient;
    this.#baseUrl = baseUrl;
    this.#all = all;
    this.#spacingMs = options.spacingMs ?? SPACING_MS;
    this.#burst = options.burst ?? BURST;
    this.#clock = options.clock ?? SYSTEM_CLOCK;
    this.#headers = {
      Accept: 'application/vnd.pagerduty+json;version=2',
      'Content-Type': 'application/json',
      Authorization: authorizationOf(token),
    };
  }

  /**
   * PagerDuty's clock, by the Date of its latest page: a proxy may send dates too, but it sends
   * no pages. Null before the first page. Milliseconds since 1970.
   */
  serverNow(): number | null {
    if (this.#serverTime === null) return null;
    return this.#serverTime.shown + this.#clock.monotonic() - this.#serverTime.at;
  }

  /** One page, or why there is none. Waits if the rate limit requires it. Rejects only if the signal aborts it. */
  async page(query: PageQuery, signal: AbortSignal): Promise<Page | PageFailure> {
    await this.#waitForRateLimit(signal);
    const result = await this.#httpClient.get(this.#urlOf(query), this.#headers, signal);
    if (result.kind === 'fault')
      return { kind: 'failed', hasTimedOut: result.fault === 'timeout', detail: `${result.fault}: ${result.detail}` };
    const page = this.#pageOf(result);
    if (page.kind === 'page') this.#recordServerState(result);
    return page;
  }

  #urlOf({ window, offset, withTotal }: PageQuery): string {
    const query = new URLSearchParams({
      since: isoOf(window.since),
      until: isoOf(window.until),
      time_zone: 'UTC',
      limit: String(PAGE_LIMIT),
      offset: String(offset),
    });
    if (!this.#all) query.set('is_overview', 'true');
    if (withTotal) query.set('total', 'true');
    for (const part of ['incidents', 'services', 'channels']) query.append('include[]', part);
    return `${this.#baseUrl}/log_entries?${query.toString()}`;
  }

  async #waitForRateLimit(signal: AbortSignal): Promise<void> {
    const ahead = (this.#burst - 1) * this.#spacingMs;
    const wait = Math.max(this.#notBefore, this.#nextSlotAt - ahead) - this.#clock.monotonic();
    if (wait > 0) await delay(this.#clock, wait, signal);
    this.#nextSlotAt = Math.max(this.#nextSlotAt, this.#clock.monotonic()) + this.#spacingMs;
  }

  #recordServerState({ headers }: HttpResponse): void {
    const at = this.#clock.monotonic();
    const shown = dateOf(headers);
    if (shown !== null) this.#serverTime = { shown, at };
    if (headers['ratelimit-remaining'] !== '0') return;
    const reset = this.#waitOf(textOf(headers['ratelimit-reset']), headers);
    this.#notBefore = Math.max(this.#notBefore, at + (reset ?? 0));
  }

  #pageOf({ status, body: data, headers }: HttpResponse): Page | PageFailure {
    const isPage = kindOfText(data, textOf(headers['content-type'])) === 'html';
    // PagerDuty's REST API never sends HTML: this is a proxy or a login page, which says nothing about the token or
    // the query.
    if (isPage && status < 500 && status !== 429)
      return {
        kind: 'failed',
        detail: `status ${status} with an HTML page that is not PagerDuty’s: check the proxy`,
      };
    if (status === 401 || status === 402 || status === 403) return { kind: 'refused', status };
    if (status === 429) {
      const header = textOf(headers['ratelimit-reset']) ?? textOf(headers['retry-after']);
      return { kind: 'throttled', waitMs: this.#waitOf(header, headers) };
    }
    if (status !== 200) return { kind: 'failed', status, detail: `status ${status}: ${data.slice(0, 200)}` };
    const body = parseObject(data);
    if (!Array.isArray(body?.log_entries))
      return { kind: 'failed', detail: 'the response is not a page of log entries' };
    const entries: readonly unknown[] = body.log_entries;
    const total = typeof body.total === 'number' ? body.total : null;
    // After a full page without `more` there may be others.
    const more = typeof body.more === 'boolean' ? body.more : entries.length >= PAGE_LIMIT;
    return { kind: 'page', entries, more, total };
  }

  /** Milliseconds to wait. A date is by the clock of the host that sent it, which its Date header shows. */
  #waitOf(header: string | undefined, headers: HttpResponse['headers']): number | undefined {
    return retryAfterMs(header, dateOf(headers) ?? this.#clock.wall());
  }
}

/** Milliseconds since 1970; null if absent or not a date. */
function dateOf(headers: HttpResponse['headers']): number | null {
  const date = Date.parse(textOf(headers.date) ?? '');
  return Number.isNaN(date) ? null : date;
}

function parseObject(text: string) {
  try {
    return objectOf(JSON.parse(text));
  } catch {
    return null;
  }
}

function textOf(header: unknown): string | undefined {
  return typeof header === 'string' ? header : undefined;
}

/** PagerDuty works in whole seconds. */
function isoOf(time: number): string {
  return new Date(time).toISOString().replace(/\.\d+Z$/, 'Z');
}
