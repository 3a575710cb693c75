import { delay, SYSTEM_CLOCK } from '@pdaltagent/clock';
import { takeBatch, writeBatch, type Writing } from './batch';
import { countEntries } from './count';
import { type Database, destroyDatabase, openDatabase, reasonOf, compactDatabase } from './database';
import { FreeSpace } from './free-space';
import { keyBehind, readKey, unseal } from './record';
import { SpoolError, type SpoolFailure, type SpoolOptions, type StoredEntry } from './spool-ports';

const HEAL_MS = 1_000;
/** The database keeps what was erased until it tidies up, and left alone it may not: after so much it is told to. */
const TIDY_BYTES = 1024 * 1024;

/**
 * Entries on disk, in the order of their sequences. What is appended at one time is synced together (group commit); an
 * erasure is not synced: an entry that comes back after a crash is an entry twice, never one lost.
 */
export class Spool {
  readonly #options: SpoolOptions;
  readonly #space: FreeSpace;
  #database: Database;
  #writing: Writing[] = [];
  /** Erased, and maybe still in the database: sequence to size. */
  readonly #erasing = new Map<number, number>();
  #entries = 0;
  #bytes = 0;
  #last = 0;
  #flushing: Promise<void> | undefined;
  #healing: Promise<void> | undefined;
  #tidying: Promise<void> | undefined;
  /** Erased since it was tidied up. */
  #untidyBytes = 0;
  /** After a failed write the database's log may have a hole: it is only read until it has been opened again. */
  #isReadOnly = false;
  #isFull = false;
  #isClosed = false;

  private constructor(options: SpoolOptions, database: Database) {
    this.#options = options;
    this.#database = database;
    this.#space = new FreeSpace(options.folder);
  }

  /** Undefined where another process has the folder. @throws Error where the folder cannot be used */
  static async open(options: SpoolOptions): Promise<Spool | undefined> {
    const database = await openDatabase(options.folder);
    if (database === undefined) return undefined;
    const spool = new Spool(options, database);
    await spool.#count();
    return spool;
  }

  get folder(): string {
    return this.#options.folder;
  }

  /** What is in it and not erased, and what is being written. */
  get entries(): number {
    return this.#entries;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The highest sequence that it held when it was opened. */
  get last(): number {
    return this.#last;
  }

  get condition(): 'usable' | 'full' | 'failing' {
    if (this.#isReadOnly) return 'failing';
    return this.#isFull ? 'full' : 'usable';
  }

  /** Resolves once the entry is synced to disk. @throws SpoolError */
  append(sequence: number, content: Buffer): Promise<void> {
    if (this.#isClosed) return Promise.reject(new SpoolError('closed'));
    if (this.#isReadOnly) return Promise.reject(new SpoolError('failing'));
    if (this.#bytes + content.length > this.#options.maximumBytes) {
      this.#isFull = true;
      return Promise.reject(new SpoolError('full'));
    }
    this.#entries += 1;
    this.#bytes += content.length;
    return new Promise((resolve, reject) => {
      const settle = (failure: SpoolFailure | undefined): void => {
        if (failure === undefined) return resolve();
        this.#forget(content.length);
        reject(new SpoolError(failure));
      };
      this.#writing.push({ sequence, content, settle });
      this.#flush();
    });
  }

  /** Takes an entry out; it is never read again by this process. */
  erase(sequence: number, bytes: number): void {
    if (this.#erasing.has(sequence)) return;
    this.#erasing.set(sequence, bytes);
    this.#forget(bytes);
    this.#flush();
  }

  /**
   * The next entries behind a sequence, at most so many and so many bytes (and at least one, where there is one).
   * An entry that is not what was written is dropped with a line in the log, never given.
   */
  async read(after: number, limit: { readonly entries: number; readonly bytes: number }): Promise<StoredEntry[]> {
    await this.#healing;
    const found: StoredEntry[] = [];
    let room = limit.bytes;
    // The iterator sees the database as it is now: what is erased, but maybe not in it yet, has to be remembered.
    const erased = new Set(this.#erasing.keys());
    for await (const [key, value] of this.#database.iterator({ gte: keyBehind(after) })) {
      const name = readKey(key);
      if (name === undefined || erased.has(name.sequence) || this.#erasing.has(name.sequence)) continue;
      const content = unseal(value, name.bytes);
      if (content === undefined) {
        this.#options.log.error('a spooled event is damaged: dropped', { sequence: name.sequence });
        this.erase(name.sequence, name.bytes);
        continue;
      }
      found.push({ ...name, content });
      room -= content.length;
      if (found.length >= limit.entries || room <= 0) break;
    }
    return found;
  }

  /** The sequence of the oldest entry. */
  async oldest(): Promise<number | undefined> {
    await this.#healing;
    for await (const key of this.#database.keys()) {
      const name = readKey(key);
      if (name !== undefined && !this.#erasing.has(name.sequence)) return name.sequence;
    }
    return undefined;
  }

  /** Writes what is waiting, then gives the folder free for another process. */
  async close(): Promise<void> {
    this.#isClosed = true;
    while (this.#flushing !== undefined) await this.#flushing;
    await this.#healing;
    await this.#tidying;
    await this.#database.close();
  }

  #forget(bytes: number): void {
    this.#entries -= 1;
    this.#bytes -= bytes;
    if (this.#bytes < this.#options.maximumBytes * 0.95) this.#isFull = false;
  }

  #flush(): void {
    if (this.#isReadOnly) return;
    this.#flushing ??= this.#write().finally(() => {
      this.#flushing = undefined;
      if (this.#writing.length + this.#erasing.size > 0) this.#flush();
    });
  }

  async #write(): Promise<void> {
    while (this.#writing.length + this.#erasing.size > 0 && !this.#isReadOnly) {
      const batch = takeBatch(this.#writing);
      const erased = [...this.#erasing];
      const bytes = batch.reduce((sum, { content }) => sum + content.length, 0);
      try {
        if (bytes > 0 && !(await this.#space.has(bytes))) {
          this.#isFull = true;
          this.#tidyWhereNeeded();
          for (const { settle } of batch) settle('full');
          continue;
        }
        await writeBatch(this.#database, erased, batch);
        for (const [sequence, size] of erased) {
          this.#erasing.delete(sequence);
          this.#untidyBytes += size;
        }
        this.#tidyWhereNeeded();
        if (batch.length > 0) this.#isFull = false;
        for (const { settle } of batch) settle(undefined);
      } catch (error) {
        this.#fail(error, batch);
      }
    }
  }

  /** Gives the disk back what was erased: once all is, or where there is no room for what comes. */
  #tidyWhereNeeded(): void {
    if (this.#tidying !== undefined || this.#untidyBytes < TIDY_BYTES) return;
    if (this.#entries > 0 && !this.#isFull) return;
    this.#untidyBytes = 0;
    this.#tidying = compactDatabase(this.#database)
      .catch((error: unknown) =>
        this.#options.log.warn('the spool cannot be tidied up', { error: reasonOf(error).message }),
      )
      .finally(() => (this.#tidying = undefined));
  }

  #fail(error: unknown, batch: readonly Writing[]): void {
    this.#isReadOnly = true;
    this.#options.log.error('the spool cannot be written', { error: reasonOf(error).message });
    for (const { settle } of [...batch, ...this.#writing.splice(0)]) settle('failing');
    void this.#healWhenPossible();
  }

  async #healWhenPossible(): Promise<void> {
    while (this.#isReadOnly && !this.#isClosed) {
      await delay(SYSTEM_CLOCK, HEAL_MS);
      // To be opened again it needs room for what its log holds; where all of that is erased, none.
      if (this.#isClosed || (this.#entries > 0 && !(await this.#space.has(0)))) continue;
      this.#healing = this.#reopen()
        .catch((error: unknown) =>
          this.#options.log.error('the spool cannot be opened', { error: reasonOf(error).message }),
        )
        .finally(() => (this.#healing = undefined));
      await this.#healing;
    }
  }

  async #reopen(): Promise<void> {
    const { folder, log } = this.#options;
    await this.#tidying;
    await this.#database.close();
    if (this.#entries === 0) {
      await destroyDatabase(folder);
      this.#erasing.clear();
    }
    const database = await openDatabase(folder);
    if (database === undefined) throw new Error(`another process has taken ${folder}`);
    this.#database = database;
    await this.#count();
    this.#isReadOnly = false;
    log.info('the spool can be written again', { entries: this.#entries });
    this.#flush();
  }

  /** Counts what is in the database; erasures may go on meanwhile. */
  async #count(): Promise<void> {
    const before = { entries: this.#entries, bytes: this.#bytes };
    const erased = new Set(this.#erasing.keys());
    const { entries, bytes, last } = await countEntries(this.#database, (sequence) => erased.has(sequence));
    this.#last = Math.max(this.#last, last);
    this.#entries += entries - before.entries;
    this.#bytes += bytes - before.bytes;
  }
}
