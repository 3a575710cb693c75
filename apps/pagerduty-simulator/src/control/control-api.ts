import { type IncomingMessage, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import { parseJson } from '../events/json';
import { type SimulatedResponse, jsonResponse, sendResponse } from '../http/simulated-response';
import { readBody } from '../http/body';
import { type EventQuery, eventQuerySchema, eventRecord, waitForEvents } from './event-query';
import { type ControlParts, problemResponse, ROUTES } from './routes';

const BODY_LIMIT_BYTES = 16 * 1024 * 1024;

/** The API that tests control the simulator with. Faults do not affect it. */
export class ControlApi {
  readonly #parts: ControlParts;

  constructor(parts: ControlParts) {
    this.#parts = parts;
  }

  static owns(pathname: string): boolean {
    return pathname.startsWith('/_control/');
  }

  async serve(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const body = await readBody(request, BODY_LIMIT_BYTES);
    if (body.kind === 'cut short') return;
    if (body.kind === 'too large') return sendResponse(response, problemResponse(413, 'body: at most 16 MB'));
    if (request.method === 'GET' && url.pathname === '/_control/events') return this.#events(response, url);
    sendResponse(response, this.#route(request.method ?? '', url, body.bytes));
  }

  #route(method: string, { pathname, searchParams }: URL, bytes: Buffer): SimulatedResponse {
    const cut = pathname.lastIndexOf('/');
    const handler = ROUTES[`${method} ${pathname}`] ?? ROUTES[`${method} ${pathname.slice(0, cut)}/*`];
    if (!handler) return problemResponse(404, `the control API has no route ${method} ${pathname}`);
    const body = bytes.length === 0 ? undefined : parseJson(bytes);
    if (bytes.length > 0 && body === undefined) return problemResponse(400, 'body: is not JSON');
    const rest = pathname.slice(cut + 1);
    return handler({ parts: this.#parts, query: searchParams, body, pathSuffix: rest });
  }

  async #events(response: ServerResponse, url: URL): Promise<void> {
    const result = eventQuerySchema.safeParse(Object.fromEntries(url.searchParams));
    if (!result.success) {
      const problems = result.error.issues.map(({ path, message }) => `${path.join('.') || 'query'}: ${message}`);
      return sendResponse(response, problemResponse(400, ...problems));
    }
    const query = result.data;
    const found = await waitForEvents(this.#parts.received, query);
    if (query.format === 'ndjson') {
      response.writeHead(200, { 'content-type': 'application/x-ndjson' });
      const limit = url.searchParams.has('limit') ? query.limit : Infinity;
      const lines = Readable.from(blocks(found.slice(query.offset, query.offset + limit), query));
      // The client may disconnect before the end.
      return pipeline(lines, response).catch(() => undefined);
    }
    const page = found.slice(query.offset, query.offset + query.limit);
    const events = page.map((event) => eventRecord(event, query));
    const more = found.length > query.offset + page.length;
    sendResponse(response, jsonResponse(200, { events, total: found.length, more }));
  }
}

const BLOCK = 500;

/** JSON lines in blocks: large enough to be fast, small enough not to block the event loop. */
function* blocks(received: Parameters<typeof eventRecord>[0][], query: EventQuery): Generator<string> {
  for (let start = 0; start < received.length; start += BLOCK) {
    yield received
      .slice(start, start + BLOCK)
      .map((event) => `${JSON.stringify(eventRecord(event, query))}\n`)
      .join('');
  }
}
