/** Deleted entries are removed if there are more than this many for each live entry. */
const MAX_DELETED_PER_ENTRY = 3;
const MIN_COMPACT_ENTRIES = 64;

/**
 * A map from sequences to values, sorted by sequence, for entries that are set and deleted with every event, mostly added at the
 * end and soon deleted. A Map performs badly under this load: V8's rehashed tables refer to each other, so that one table in the
 * old generation keeps the contents of all later ones alive until the next full garbage collection.
 */
export class SequenceMap<Value extends object> {
  /** Ascending. */
  readonly #sequences: number[] = [];
  /** Undefined if deleted. */
  readonly #values: (Value | undefined)[] = [];
  /** All entries before this index are deleted. */
  #start = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The value of the lowest sequence. */
  get first(): Value | undefined {
    while (this.#start < this.#values.length && this.#values[this.#start] === undefined) this.#start += 1;
    return this.#values[this.#start];
  }

  get(sequence: number): Value | undefined {
    const index = this.#indexOf(sequence);
    return this.#sequences[index] === sequence ? this.#values[index] : undefined;
  }

  has(sequence: number): boolean {
    return this.get(sequence) !== undefined;
  }

  set(sequence: number, value: Value): void {
    const index = this.#indexOf(sequence);
    this.#start = Math.min(this.#start, index);
    const isKnown = this.#sequences[index] === sequence;
    if (!isKnown || this.#values[index] === undefined) this.#size += 1;
    if (isKnown) this.#values[index] = value;
    else if (index === this.#sequences.length) {
      this.#sequences.push(sequence);
      this.#values.push(value);
    } else {
      this.#sequences.splice(index, 0, sequence);
      this.#values.splice(index, 0, value);
    }
  }

  delete(sequence: number): void {
    const index = this.#indexOf(sequence);
    if (this.#sequences[index] !== sequence || this.#values[index] === undefined) return;
    this.#values[index] = undefined;
    this.#size -= 1;
    if (this.#values.length > MIN_COMPACT_ENTRIES + this.#size * (MAX_DELETED_PER_ENTRY + 1)) this.#compact();
  }

  clear(): void {
    this.#sequences.length = 0;
    this.#values.length = 0;
    this.#start = 0;
    this.#size = 0;
  }

  /** A snapshot of the entries, lowest sequence first; entries may be set and deleted while iterating. */
  entries(): (readonly [sequence: number, value: Value])[] {
    const found: (readonly [number, Value])[] = [];
    this.#sequences.forEach((sequence, index) => {
      const value = this.#values[index];
      if (value !== undefined) found.push([sequence, value]);
    });
    return found;
  }

  /** The index of a sequence, or where it would be inserted. */
  #indexOf(sequence: number): number {
    let low = 0;
    let high = this.#sequences.length;
    if ((this.#sequences[high - 1] ?? -Infinity) < sequence) return high;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#sequences[middle] ?? Infinity) < sequence) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #compact(): void {
    let kept = 0;
    this.#sequences.forEach((sequence, index) => {
      const value = this.#values[index];
      if (value === undefined) return;
      this.#sequences[kept] = sequence;
      this.#values[kept] = value;
      kept += 1;
    });
    this.#sequences.length = kept;
    this.#values.length = kept;
    this.#start = 0;
  }
}
