/** How many bytes of a response a dead letter keeps. */
const KEPT_BYTES = 2_048;

/** The first 2 KB of a response, never cut inside a character. */
export function truncateResponse(response: string): string {
  const bytes = Buffer.from(response, 'utf8');
  if (bytes.length <= KEPT_BYTES) return response;
  let end = KEPT_BYTES;
  // 10xxxxxx continues a character, which must not be split.
  while (end > 0 && ((bytes[end] ?? 0) & 0b1100_0000) === 0b1000_0000) end -= 1;
  return bytes.toString('utf8', 0, end);
}
