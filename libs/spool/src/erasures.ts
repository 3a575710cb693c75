/** Building a batch blocks the event loop, about a microsecond per entry. */
const MAX_ERASED_PER_BATCH = 5_000;

const NOTHING: ReadonlySet<string> = new Set();

/** A read sees the database as it was when the read began, including entries that were erased since. */
export interface ReadView {
  isErased(key: Buffer): boolean;
  end(): void;
}

/** Entries that were erased, or rejected when they were written, but that the database or a read may still contain. */
export class Erasures {
  /** Keys as latin1. */
  #pending = new Set<string>();
  /** Those being written now. */
  #writing = NOTHING;
  /** What was written during each read in progress. */
  readonly #writtenDuring = new Set<ReadonlySet<string>[]>();
  #added = 0;
  #written = 0;

  /** Number of erasures that are not being written yet. */
  get pending(): number {
    return this.#pending.size;
  }

  /** How many were added so far. */
  get added(): number {
    return this.#added;
  }

  /** How many of these were written: the oldest, unless a write has failed meanwhile. */
  get written(): number {
    return this.#written;
  }

  /** False if the entry was erased before. */
  add(key: Buffer): boolean {
    const name = nameOf(key);
    if (this.#isUnwritten(name)) return false;
    this.#pending.add(name);
    this.#added += 1;
    return true;
  }

  /** The database was destroyed. */
  clear(): void {
    this.#pending.clear();
    this.#written = this.#added;
  }

  /** The keys of pending erasures. */
  keys(): Buffer[] {
    return [...this.#pending].map((name) => Buffer.from(name, 'latin1'));
  }

  /** Writes the oldest with the given function; if it fails they are pending again. */
  async write(write: (names: ReadonlySet<string>) => Promise<void>): Promise<void> {
    this.#writing = this.#take();
    try {
      await write(this.#writing);
      this.#written += this.#writing.size;
      for (const written of this.#writtenDuring) written.push(this.#writing);
    } catch (error) {
      for (const name of this.#writing) this.#pending.add(name);
      throw error;
    } finally {
      this.#writing = NOTHING;
    }
  }

  beginRead(): ReadView {
    const written: ReadonlySet<string>[] = [];
    this.#writtenDuring.add(written);
    return {
      isErased: (key) => {
        const name = nameOf(key);
        return this.#isUnwritten(name) || written.some((names) => names.has(name));
      },
      end: () => this.#writtenDuring.delete(written),
    };
  }

  #isUnwritten(name: string): boolean {
    return this.#pending.has(name) || this.#writing.has(name);
  }

  #take(): ReadonlySet<string> {
    const all = this.#pending;
    if (all.size <= MAX_ERASED_PER_BATCH) {
      this.#pending = new Set();
      return all;
    }
    const batch = new Set<string>();
    for (const name of all) {
      if (batch.size === MAX_ERASED_PER_BATCH) break;
      batch.add(name);
      all.delete(name);
    }
    return batch;
  }
}

function nameOf(key: Buffer): string {
  return key.toString('latin1');
}
