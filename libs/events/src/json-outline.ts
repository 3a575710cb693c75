/** A member of a JSON object, and where its value begins and ends in the bytes (end exclusive). */
export interface Member {
  readonly name: string;
  /** Offset of the opening quote of its name. */
  readonly start: number;
  readonly valueStart: number;
  readonly valueEnd: number;
}

/** The positions of the parts of a JSON object in its bytes. */
export interface Outline {
  /** How deep objects and arrays are nested; 1 for a flat object. */
  readonly depth: number;
  /** Offset just after the opening brace. */
  readonly contentStart: number;
  /** Members of the outermost object, in the order they are written; names may repeat. */
  readonly members: readonly Member[];
  readonly isEmpty: boolean;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

/**
 * Scans the JSON value that starts at `start`, in one pass and without recursion.
 * JSON's structure is ASCII, so UTF-8 bytes need no decoding. Invalid JSON gives a meaningless outline rather than an error:
 * its depth is checked before anything is parsed.
 * @param names of the members to list; by default all. An event may have tens of thousands that nobody asks for.
 */
export function outlineOf(bytes: Buffer, start = 0, names?: ReadonlySet<string>): Outline {
  const members: Member[] = [];
  let depth = 0;
  let deepest = 0;
  let contentStart = start;
  let expectsName = false;
  let name: string | undefined;
  let nameStart = start;
  let valueStart = -1;
  let isEmpty = true;

  const endMember = (end: number): void => {
    if (name !== undefined && valueStart >= 0 && (names === undefined || names.has(name))) {
      const value = trim(bytes, valueStart, end);
      // One by one: spreading costs more than the rest.
      members.push({ name, start: nameStart, valueStart: value.valueStart, valueEnd: value.valueEnd });
    }
    name = undefined;
    valueStart = -1;
  };

  for (let at = start; at < bytes.length; at += 1) {
    switch (bytes[at]) {
      case QUOTE: {
        const end = endOfString(bytes, at);
        if (depth === 1 && expectsName) {
          name = stringAt(bytes, at, end);
          nameStart = at;
          isEmpty = false;
          expectsName = false;
        }
        at = end - 1;
        break;
      }
      case COLON:
        if (depth === 1 && valueStart < 0) valueStart = at + 1;
        break;
      case COMMA:
        if (depth === 1) {
          expectsName = name !== undefined;
          endMember(at);
        }
        break;
      case OPEN_BRACE:
      case OPEN_BRACKET:
        depth += 1;
        deepest = Math.max(deepest, depth);
        if (depth === 1) {
          contentStart = at + 1;
          expectsName = bytes[at] === OPEN_BRACE;
        }
        break;
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        if (depth === 1) {
          endMember(at);
          return { depth: deepest, contentStart, members, isEmpty };
        }
        depth -= 1;
        break;
      default:
        break;
    }
  }
  return { depth: deepest, contentStart, members, isEmpty };
}

/** The positions of the entries of the JSON list that starts at `start`; empty if it is not a list. The bytes must be JSON. */
export function elementsOf(bytes: Buffer, start: number): readonly { valueStart: number; valueEnd: number }[] {
  if (bytes[start] !== OPEN_BRACKET) return [];
  const elements: { valueStart: number; valueEnd: number }[] = [];
  let depth = 0;
  let elementStart = start + 1;
  const endElement = (end: number): void => {
    const element = trim(bytes, elementStart, end);
    if (element.valueEnd > element.valueStart) elements.push(element);
    elementStart = end + 1;
  };
  for (let at = start; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === QUOTE) at = endOfString(bytes, at) - 1;
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth += 1;
    else if (byte === COMMA && depth === 1) endElement(at);
    else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      if (depth === 1) {
        endElement(at);
        break;
      }
      depth -= 1;
    }
  }
  return elements;
}

/** Offset just after the closing quote of the string that begins at `start`. */
function endOfString(bytes: Buffer, start: number): number {
  for (let at = start + 1; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === QUOTE) return at + 1;
    if (byte === BACKSLASH) at += 1;
  }
  return bytes.length;
}

/** A member's name may contain escapes: "\u0072outing_key" is routing_key. */
function stringAt(bytes: Buffer, start: number, end: number): string {
  const raw = bytes.toString('utf8', start, end);
  if (!raw.includes('\\')) return raw.slice(1, -1);
  try {
    return String(JSON.parse(raw));
  } catch {
    return raw;
  }
}

function trim(bytes: Buffer, start: number, end: number): { valueStart: number; valueEnd: number } {
  let valueStart = start;
  let valueEnd = end;
  while (valueStart < valueEnd && isSpace(bytes[valueStart])) valueStart += 1;
  while (valueEnd > valueStart && isSpace(bytes[valueEnd - 1])) valueEnd -= 1;
  return { valueStart, valueEnd };
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}
