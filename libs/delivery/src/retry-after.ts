/** A shorter Retry-After is ignored: the usual backoff applies. */
const SHORTEST_RETRY_AFTER_MS = 1_000;
/** A longer Retry-After is cut to this. */
export const LONGEST_RETRY_AFTER_MS = 5 * 60_000;

/** The time by the responder's clock, to which a date in its Retry-After refers. `ours`: if the response has no Date. */
export function timeOfResponse(date: string | undefined, ours: number): number {
  const parsed = Date.parse(date ?? '');
  return Number.isNaN(parsed) ? ours : parsed;
}

/**
 * Milliseconds to wait by a Retry-After header: seconds or an HTTP date (RFC 9110, 10.2.3), at most five minutes.
 * Undefined if the header is absent, makes no sense, or names less than a second or a date that has passed.
 */
export function retryAfterMs(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  const text = header.trim();
  const wanted = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now;
  return wanted >= SHORTEST_RETRY_AFTER_MS ? Math.min(wanted, LONGEST_RETRY_AFTER_MS) : undefined;
}
