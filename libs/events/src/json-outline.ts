import { type NameSet } from './json-names';
import { COLON, COMMA, endOfString, isSpace, OPEN_BRACE, OPEN_BRACKET, QUOTE } from './json-strings';

/** A member of a JSON object, or an entry of a list, and where its value begins and ends in the bytes (end exclusive). */
export interface Member<Name = string> {
  /** Of an entry: its index. */
  readonly name: Name;
  /** Offset of the opening quote of its name; of an entry, of its value. */
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
  /** The members in question of the outermost object, in the order they are written; names may repeat. */
  readonly members: readonly Member[];
  readonly isEmpty: boolean;
}

const CLOSE_BRACE = 0x7d;
const CLOSE_BRACKET = 0x5d;

/**
 * Scans the JSON value that starts at `start`, in one pass and without recursion.
 * JSON's structure is ASCII, so UTF-8 bytes need no decoding. Invalid JSON gives a meaningless outline rather than an error:
 * its depth is checked before anything is parsed.
 * @param names of the members to list. An event may have tens of thousands that nobody asks for.
 */
export function outlineOf(bytes: Buffer, start: number, names: NameSet): Outline {
  const members: Member[] = [];
  let depth = 0;
  let deepest = 0;
  let contentStart = start;
  let expectsName = false;
  /** Of the current member, unless it is not to be listed. */
  let name: string | undefined;
  let hasName = false;
  let nameStart = start;
  let valueStart = -1;
  let isEmpty = true;

  const endMember = (end: number): void => {
    if (name !== undefined && valueStart >= 0) {
      const value = trim(bytes, valueStart, end);
      // One by one: spreading costs more than the rest.
      members.push({ name, start: nameStart, valueStart: value.valueStart, valueEnd: value.valueEnd });
    }
    name = undefined;
    hasName = false;
    valueStart = -1;
  };

  for (let at = start; at < bytes.length; at += 1) {
    switch (bytes[at]) {
      case QUOTE: {
        const end = endOfString(bytes, at);
        if (depth === 1 && expectsName) {
          name = names.find(bytes, at, end);
          hasName = true;
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
          expectsName = hasName;
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

/**
 * The positions of the entries of the JSON list that starts at `start`. The bytes must be JSON.
 * @param indices of the entries to list
 */
export function elementsOf(
  bytes: Buffer,
  start: number,
  indices: Pick<ReadonlyMap<unknown, unknown>, 'has'>,
): readonly Member<number>[] {
  const elements: Member<number>[] = [];
  let depth = 0;
  let index = 0;
  let elementStart = start + 1;
  const endElement = (end: number): void => {
    if (indices.has(index)) {
      const value = trim(bytes, elementStart, end);
      elements.push({ name: index, start: value.valueStart, ...value });
    }
    index += 1;
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

function trim(bytes: Buffer, start: number, end: number): { valueStart: number; valueEnd: number } {
  let valueStart = start;
  let valueEnd = end;
  while (valueStart < valueEnd && isSpace(bytes[valueStart])) valueStart += 1;
  while (valueEnd > valueStart && isSpace(bytes[valueEnd - 1])) valueEnd -= 1;
  return { valueStart, valueEnd };
}
