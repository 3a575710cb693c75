/** The longest that a Retry-After is believed. */
export const LONGEST_RETRY_AFTER_MS = 5 * 60_000;

/**
 * Milliseconds to wait by a Retry-After header: seconds or an HTTP date (RFC 9110, 10.2.3), clamped.
 * Undefined where the header is absent or makes no sense.
 */
export function retryAfterMs(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  const text = header.trim();
  const wanted = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now;
  if (Number.isNaN(wanted)) return undefined;
  return Math.min(Math.max(wanted, 0), LONGEST_RETRY_AFTER_MS);
}
