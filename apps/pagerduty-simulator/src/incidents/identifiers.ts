import { createHash } from 'node:crypto';

/** Identifiers that look like PagerDuty's, grow with time, and never repeat after a restart. */
export class Identifiers {
  readonly #run: string;
  #count = 0;

  constructor(startedAt = Date.now()) {
    this.#run = base36(startedAt, 9);
  }

  /** 14 characters, as `Q02JTSNZWHSEKV`. */
  incident(): string {
    return flat(`Q${this.#run.slice(-8)}${base36(++this.#count, 5)}`);
  }

  /** 26 characters that begin with R. */
  logEntry(): string {
    return flat(`R${this.#run}${base36(++this.#count, 16)}`);
  }
}

/** An identifier of 7 characters that is always the same for the same text, as `PXSUIZH`. */
export function stableIdentifier(text: string): string {
  const digest = createHash('sha256').update(text).digest();
  return `P${base36(digest.readUIntBE(0, 6), 6).slice(-6)}`;
}

function base36(value: number, length: number): string {
  return value.toString(36).toUpperCase().padStart(length, '0');
}

/** V8 keeps a concatenated text as a tree of its parts, four times the size: kept by the million, it is copied flat. */
function flat(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}
