import { beginningOf, COLON, endOfString, isPlain, QUOTE } from './json-strings';

const UNDERSCORE = 0x5f;

/** Names of members, and which of them a string in a JSON text is: nearly all strings are none, and need not be decoded for that. */
export class NameSet {
  readonly #names: ReadonlySet<string>;
  readonly #lengths: ReadonlySet<number>;
  readonly #shortest: number;
  readonly #longest: number;

  /** @param names in ASCII */
  constructor(names: readonly string[]) {
    this.#names = new Set(names);
    this.#lengths = new Set(names.map(({ length }) => length));
    this.#shortest = Math.min(...this.#lengths);
    this.#longest = Math.max(...this.#lengths);
  }

  /** The name at this place, with its quotes; undefined if it is none of these. */
  find(bytes: Buffer, start: number, end: number): string | undefined {
    const length = end - start - 2;
    // Escapes make it longer.
    if (length < this.#shortest) return undefined;
    if (!this.#lengths.has(length) && isPlain(bytes, start, end)) return undefined;
    const name = this.#nameAt(bytes, start, end);
    return name !== undefined && this.#names.has(name) ? name : undefined;
  }

  /** Whether what is at this place is a valid string, and none of these names. */
  isOther(bytes: Buffer, start: number, end: number): boolean {
    if (!this.#lengths.has(end - start - 2) && isPlain(bytes, start, end)) return true;
    const name = this.#nameAt(bytes, start, end);
    return name !== undefined && !this.#names.has(name);
  }

  /** One character more than these names have tells a longer one from them. */
  #nameAt(bytes: Buffer, start: number, end: number): string | undefined {
    return beginningOf(bytes, start, end, this.#longest + 1);
  }
}

/**
 * The same JSON text in which every name of a member that is not one of these consists of underscores. Parsing takes V8 over a
 * microsecond for each different name, up to 100 ms for those that fit into 512 KB, and much less for equal ones. Whether it is valid
 * JSON does not change.
 */
export function withoutOtherNames(bytes: Buffer, names: NameSet): Buffer {
  const copy = Buffer.from(bytes);
  let start = -1;
  let end = -1;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === QUOTE) {
      start = at;
      end = endOfString(bytes, at);
      at = end - 1;
    } else if (byte === COLON && start >= 0) {
      if (names.isOther(bytes, start, end)) for (let to = start + 1; to < end - 1; to += 1) copy[to] = UNDERSCORE;
      start = -1;
    }
  }
  return copy;
}
