/** Of what a destination answered, the bytes that its dead letter keeps. */
const KEPT_BYTES = 2_048;

/** At most 2 KB of an answer, cut between two characters. */
export function cutAnswer(answer: string): string {
  const bytes = Buffer.from(answer, 'utf8');
  if (bytes.length <= KEPT_BYTES) return answer;
  let end = KEPT_BYTES;
  // 10xxxxxx continues a character: it must not be torn from its beginning.
  while (end > 0 && ((bytes[end] ?? 0) & 0b1100_0000) === 0b1000_0000) end -= 1;
  return bytes.toString('utf8', 0, end);
}
