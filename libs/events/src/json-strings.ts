export const QUOTE = 0x22;
export const COLON = 0x3a;
export const COMMA = 0x2c;
export const OPEN_BRACE = 0x7b;
export const OPEN_BRACKET = 0x5b;
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

const UNICODE_ESCAPE = 0x75;
const HEX_DIGITS = 4;
/** What the other escapes stand for. */
const ESCAPES: ReadonlyMap<number | undefined, string> = new Map(
  Object.entries({ '"': '"', '\\': '\\', '/': '/', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' }).map(
    ([escape, character]) => [escape.charCodeAt(0), character],
  ),
);

const HEX_VALUES: ReadonlyMap<number | undefined, number> = new Map(
  [...'0123456789abcdefABCDEF'].map((digit) => [digit.charCodeAt(0), Number.parseInt(digit, 16)]),
);

/**
 * At most the first characters of a string that may contain escapes. JSON.parse takes over a microsecond for each string, and there may
 * be tens of thousands. Characters that are not ASCII are not decoded. Undefined if any of it is not valid JSON.
 */
export function beginningOf(bytes: Buffer, start: number, end: number, characters: number): string | undefined {
  let text = '';
  for (let at = start + 1; at < end - 1; at += 1) {
    const byte = bytes[at] ?? 0;
    let character: string | undefined;
    if (byte === BACKSLASH) {
      at += 1;
      character = ESCAPES.get(bytes[at]);
      if (bytes[at] === UNICODE_ESCAPE) {
        character = characterOf(bytes, at + 1);
        at += HEX_DIGITS;
      }
    } else if (byte >= SPACE) character = String.fromCharCode(byte);
    if (character === undefined) return undefined;
    if (text.length < characters) text += character;
  }
  return text;
}

/** The UTF-16 code unit that the four hexadecimal digits at this place stand for; undefined if they are none. */
function characterOf(bytes: Buffer, start: number): string | undefined {
  let unit = 0;
  for (let at = start; at < start + HEX_DIGITS; at += 1) {
    const digit = HEX_VALUES.get(bytes[at]);
    if (digit === undefined) return undefined;
    unit = unit * 16 + digit;
  }
  return String.fromCharCode(unit);
}

/** Whether the string at this place (with its quotes) contains no escape, and nothing that must be escaped. */
export function isPlain(bytes: Buffer, start: number, end: number): boolean {
  for (let at = start + 1; at < end - 1; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte === BACKSLASH || byte < SPACE) return false;
  }
  return true;
}

/** Whether it is white space in JSON. */
export function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}
