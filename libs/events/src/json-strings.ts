export const QUOTE = 0x22;
export const COLON = 0x3a;
export const OPEN_BRACE = 0x7b;
const BACKSLASH = 0x5c;
/** Characters before it must be escaped. */
const SPACE = 0x20;

/** Offset just after the closing quote of the string that begins at `start`. */
export function endOfString(bytes: Buffer, start: number): number {
  for (let at = start + 1; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === QUOTE) return at + 1;
    if (byte === BACKSLASH) at += 1;
  }
  return bytes.length;
}

/** A string that may contain escapes: "\u0072outing_key" is routing_key. Undefined if it is not valid JSON. */
export function stringAt(bytes: Buffer, start: number, end: number): string | undefined {
  if (isPlain(bytes, start, end)) return bytes.toString('utf8', start + 1, end - 1);
  try {
    return String(JSON.parse(bytes.toString('utf8', start, end)));
  } catch {
    return undefined;
  }
}

/** Whether the string at this place (with its quotes) contains no escape, and nothing that must be escaped. */
export function isPlain(bytes: Buffer, start: number, end: number): boolean {
  for (let at = start + 1; at < end - 1; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte === BACKSLASH || byte < SPACE) return false;
  }
  return true;
}
