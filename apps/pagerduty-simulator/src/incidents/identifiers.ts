import { createHash } from 'node:crypto';

/** Identifiers that look like PagerDuty's, increase over time, and are not reused after a restart. */
export class Identifiers {
  readonly #run: string;
  #count = 0;

  constructor(startedAt = Date.now()) {
    this.#run = base36(startedAt, 9);
  }

  /** 14 characters, for example `Q02JTSNZWHSEKV`. */
  incident(): string {
    return flat(`Q${this.#run.slice(-8)}${base36(++this.#count, 5)}`);
  }

  /** 26 characters, beginning with R. */
  logEntry(): string {
    return flat(`R${this.#run}${base36(++this.#count, 16)}`);
  }
}

/** An identifier of 7 characters, always the same for the same text, for example `PXSUIZH`. */
export function stableIdentifier(text: string): string {
  const digest = createHash('sha256').update(text).digest();
  return `P${base36(digest.readUIntBE(0, 6), 6).slice(-6)}`;
}

function base36(value: number, length: number): string {
  return value.toString(36).toUpperCase().padStart(length, '0');
}

/** Copies a concatenated string: V8 stores it as a tree of its parts, which takes four times the memory. */
function flat(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}
