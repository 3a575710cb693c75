import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

export interface ServedEntry {
  readonly id: string;
  readonly type: string;
  readonly created_at: string;
  readonly [field: string]: unknown;
}

/** What the next request gets instead of its page. */
export type InjectedFault =
  { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string } | 'reset';

const LIMIT = 10_000;

/** A server for GET /log_entries like PagerDuty's: newest first, paged, at most 10,000 records; with faults on demand. */
export class LogEntriesServer {
  readonly entries: ServedEntry[] = [];
  readonly requests: { readonly query: URLSearchParams; readonly headers: IncomingMessage['headers'] }[] = [];
  readonly faults: InjectedFault[] = [];
  /** How far PagerDuty's clock is ahead of this machine's, in milliseconds. */
  clockSkewMs = 0;
  /** The Date header of its responses; null: none. */
  date: () => Date | null = () => new Date(Date.now() + this.clockSkewMs);
  /** Called before each page is created. */
  beforePage: (query: URLSearchParams) => void = () => undefined;
  /** Selects queries that are answered with 400. */
  rejects: (query: URLSearchParams) => boolean = () => false;
  readonly #server: Server;

  constructor() {
    this.#server = createServer((request, response) => this.#respond(request, response));
  }

  async start(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('not started');
    return `http://127.0.0.1:${address.port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  /** Adds entries one second apart, the last one created now. */
  add(count: number, fields: (index: number) => Partial<ServedEntry> = () => ({})): ServedEntry[] {
    const first = this.entries.length;
    const now = Date.now() + this.clockSkewMs;
    const added = Array.from({ length: count }, (_, index) => ({
      id: `R${String(first + index).padStart(6, '0')}`,
      type: 'annotate_log_entry',
      created_at: new Date(now - (count - 1 - index) * 1000).toISOString().replace(/\.\d+Z$/, 'Z'),
      ...fields(first + index),
    }));
    this.entries.push(...added);
    return added;
  }

  #respond(request: IncomingMessage, response: ServerResponse): void {
    const query = new URL(request.url ?? '/', 'http://any').searchParams;
    this.requests.push({ query, headers: request.headers });
    const date = this.date();
    if (date === null) response.sendDate = false;
    else response.setHeader('date', date.toUTCString());
    const fault = this.faults.shift();
    if (fault === 'reset') return void request.socket.destroy();
    if (fault !== undefined) return void response.writeHead(fault.status, fault.headers).end(fault.body ?? '{}');
    this.beforePage(query);
    const [limit, offset] = [Number(query.get('limit') ?? 25), Number(query.get('offset') ?? 0)];
    if (offset + limit > LIMIT || this.rejects(query))
      return void response.writeHead(400).end('{"error":{"code":2001}}');
    const found = this.#found(query);
    const page = {
      log_entries: found.slice(offset, offset + limit),
      limit,
      offset,
      more: found.length > offset + limit,
      total: query.get('total') === 'true' ? found.length : null,
    };
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(page));
  }

  #found(query: URLSearchParams): ServedEntry[] {
    const [since, until] = [Date.parse(query.get('since') ?? ''), Date.parse(query.get('until') ?? '')];
    return this.entries
      .map((entry) => ({ entry, at: Date.parse(entry.created_at) }))
      .filter(({ at }) => at >= since && at < until)
      .reverse() // Within a second, too, the entry that was added last is the newest; the sort is stable.
      .sort((a, b) => b.at - a.at)
      .map(({ entry }) => entry);
  }
}
