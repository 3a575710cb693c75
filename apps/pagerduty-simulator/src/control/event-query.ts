import { isUtf8 } from 'node:buffer';
import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import { type ReceivedEvent, type ReceivedEvents } from '../received-events';

const flag = z.enum(['true', 'false']).transform((text) => text === 'true');
const count = z.coerce.number().int().min(0);

/** The query of GET /_control/events. */
export const eventQuerySchema = z.strictObject({
  routingKey: z.string().optional(),
  dedupKey: z.string().optional(),
  action: z.string().optional(),
  api: z.string().optional(),
  path: z.string().optional(),
  status: z.string().optional(),
  accepted: flag.optional(),
  /** Only events after this sequence number. */
  after: count.default(0),
  offset: count.default(0),
  limit: count.max(100_000).default(1000),
  /** Form of bodies: text if they are UTF-8, base64, or none. */
  body: z.enum(['text', 'base64', 'none']).default('text'),
  headers: flag.default(true),
  format: z.enum(['json', 'ndjson']).default('json'),
  /** Waits until this many events match, or until timeoutMs. */
  waitFor: count.optional(),
  timeoutMs: count.max(600_000).default(10_000),
});

export type EventQuery = z.infer<typeof eventQuerySchema>;

/** All events that match the filters. */
export function selectEvents(received: ReceivedEvents, query: EventQuery): ReceivedEvent[] {
  return received.items.filter((event) => matchesQuery(query, event));
}

/** Like `selectEvents`, but first waits until `waitFor` events match, or until `timeoutMs`. */
export async function waitForEvents(received: ReceivedEvents, query: EventQuery): Promise<ReceivedEvent[]> {
  const deadline = performance.now() + query.timeoutMs;
  for (;;) {
    const found = selectEvents(received, query);
    const left = deadline - performance.now();
    if (query.waitFor === undefined || found.length >= query.waitFor || left <= 0) return found;
    const timer = new AbortController();
    const timeUp = wait(left, undefined, { signal: timer.signal, ref: false }).catch(() => undefined);
    await Promise.race([received.next(), timeUp]);
    timer.abort();
    // Batches events, so that the list is not searched for every single one.
    await wait(20);
  }
}

/** An event as the control API returns it. */
export function eventRecord(
  event: ReceivedEvent,
  { body, headers }: Pick<EventQuery, 'body' | 'headers'>,
): Record<string, unknown> {
  const { body: bytes, rawHeaders, sha256, ...known } = event;
  return {
    ...known,
    ...(sha256 === null ? {} : { sha256 }),
    ...(bytes === null ? {} : bodyRecord(bytes, body)),
    ...(headers && rawHeaders ? { headers: headersRecord(rawHeaders) } : {}),
  };
}

function bodyRecord(bytes: Buffer, form: EventQuery['body']): Record<string, string> {
  if (form === 'none') return {};
  if (form === 'text' && isUtf8(bytes)) return { body: bytes.toString() };
  return { bodyBase64: bytes.toString('base64') };
}

/** Names in lower case; values of repeated names are joined by ", ". */
function headersRecord(rawHeaders: readonly string[]): Record<string, string> {
  const headers = new Map<string, string>();
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? '').toLowerCase();
    const value = rawHeaders[index + 1] ?? '';
    const before = headers.get(name);
    headers.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return Object.fromEntries(headers);
}

function matchesQuery(query: EventQuery, event: ReceivedEvent): boolean {
  return (
    event.sequence > query.after &&
    (query.routingKey === undefined || event.routingKey === query.routingKey) &&
    (query.dedupKey === undefined || event.dedupKey === query.dedupKey) &&
    (query.action === undefined || event.action === query.action) &&
    (query.api === undefined || event.api === query.api) &&
    (query.path === undefined || event.path === query.path) &&
    (query.status === undefined || String(event.status ?? 'none') === query.status) &&
    (query.accepted === undefined || event.accepted === query.accepted)
  );
}
