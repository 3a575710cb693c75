/** Writes that are applied together. Keys are latin1, of which the order is that of the bytes. */
export interface Batch {
  readonly puts: readonly (readonly [key: string, value: Buffer])[];
  readonly deletions: readonly string[];
}

/** Bytes at the beginning of each record. */
export const CHECKSUM_BYTES = 4;
/** Where its size is in the key of a record. */
const BYTES_AT = 9;

/** The records of a spool, by key. */
export class Records {
  readonly #values: Map<string, Buffer>;
  /** Without their checksums, as the spool counts them. */
  #bytes = 0;

  constructor(values: ReadonlyMap<string, Buffer> = new Map()) {
    this.#values = new Map(values);
    for (const key of values.keys()) this.#bytes += bytesIn(key);
  }

  get values(): ReadonlyMap<string, Buffer> {
    return this.#values;
  }

  get bytes(): number {
    return this.#bytes;
  }

  bytesOf(lane: number): number {
    let bytes = 0;
    for (const key of this.#values.keys()) if (key.charCodeAt(0) === lane) bytes += bytesIn(key);
    return bytes;
  }

  apply({ puts, deletions }: Batch): void {
    for (const key of deletions) if (this.#values.delete(key)) this.#bytes -= bytesIn(key);
    for (const [key, value] of puts) {
      if (!this.#values.has(key)) this.#bytes += bytesIn(key);
      this.#values.set(key, value);
    }
  }
}

/** The size of a record, which is the end of its key. */
function bytesIn(key: string): number {
  const byte = (index: number): number => key.charCodeAt(BYTES_AT + index);
  return byte(0) * 2 ** 24 + byte(1) * 2 ** 16 + byte(2) * 2 ** 8 + byte(3);
}
