import { isUtf8 } from 'node:buffer';
import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import { type Arrival, type Arrivals } from '../received-events';

const flag = z.enum(['true', 'false']).transform((text) => text === 'true');
const count = z.coerce.number().int().min(0);

/** The query of GET /_control/events. */
export const listingSchema = z.strictObject({
  routingKey: z.string().optional(),
  dedupKey: z.string().optional(),
  action: z.string().optional(),
  api: z.string().optional(),
  path: z.string().optional(),
  status: z.string().optional(),
  accepted: flag.optional(),
  /** Only what came after this sequence number. */
  after: count.default(0),
  offset: count.default(0),
  limit: count.max(100_000).default(1000),
  /** How bodies are given: as text where they are UTF-8, as base64, or not at all. */
  body: z.enum(['text', 'base64', 'none']).default('text'),
  headers: flag.default(true),
  format: z.enum(['json', 'ndjson']).default('json'),
  /** Answers once so many match, or after timeoutMs with what there is. */
  waitFor: count.optional(),
  timeoutMs: count.max(600_000).default(10_000),
});

export type Listing = z.infer<typeof listingSchema>;

/** All arrivals that the filters let through. */
export function select(arrivals: Arrivals, listing: Listing): Arrival[] {
  return arrivals.items.filter((arrival) => lets(listing, arrival));
}

/** As `select`, but first waits until `waitFor` of them are there, or `timeoutMs` have passed. */
export async function selectWhenThere(arrivals: Arrivals, listing: Listing): Promise<Arrival[]> {
  const deadline = performance.now() + listing.timeoutMs;
  for (;;) {
    const found = select(arrivals, listing);
    const left = deadline - performance.now();
    if (listing.waitFor === undefined || found.length >= listing.waitFor || left <= 0) return found;
    const timer = new AbortController();
    const timeUp = wait(left, undefined, { signal: timer.signal, ref: false }).catch(() => undefined);
    await Promise.race([arrivals.next(), timeUp]);
    timer.abort();
    // Thousands of arrivals a second are looked through together, not one by one.
    await wait(20);
  }
}

/** An arrival as the control API shows it. */
export function shown(arrival: Arrival, { body, headers }: Pick<Listing, 'body' | 'headers'>): Record<string, unknown> {
  const { body: bytes, rawHeaders, sha256, ...known } = arrival;
  return {
    ...known,
    ...(sha256 === null ? {} : { sha256 }),
    ...(bytes === null ? {} : bodyShown(bytes, body)),
    ...(headers && rawHeaders ? { headers: headersShown(rawHeaders) } : {}),
  };
}

function bodyShown(bytes: Buffer, form: Listing['body']): Record<string, string> {
  if (form === 'none') return {};
  if (form === 'text' && isUtf8(bytes)) return { body: bytes.toString() };
  return { bodyBase64: bytes.toString('base64') };
}

/** Lower-case names; values of repeated names joined by ", ". */
function headersShown(rawHeaders: readonly string[]): Record<string, string> {
  const headers = new Map<string, string>();
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? '').toLowerCase();
    const value = rawHeaders[index + 1] ?? '';
    const before = headers.get(name);
    headers.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return Object.fromEntries(headers);
}

function lets(listing: Listing, arrival: Arrival): boolean {
  return (
    arrival.sequence > listing.after &&
    (listing.routingKey === undefined || arrival.routingKey === listing.routingKey) &&
    (listing.dedupKey === undefined || arrival.dedupKey === listing.dedupKey) &&
    (listing.action === undefined || arrival.action === listing.action) &&
    (listing.api === undefined || arrival.api === listing.api) &&
    (listing.path === undefined || arrival.path === listing.path) &&
    (listing.status === undefined || String(arrival.status ?? 'none') === listing.status) &&
    (listing.accepted === undefined || arrival.accepted === listing.accepted)
  );
}
