import { type Clock, delay } from '@pdaltagent/clock';
import { compactDatabase, OUTER_KEYS, reasonOf } from './database';
import { type Database, type Disk } from './disk';
import { Erasures } from './erasures';
import { FreeSpace } from './free-space';
import { type PendingWrite, takeGroup, writeGroup } from './group-commit';
import { type Log } from './log';
import { openFolder } from './open-folder';
import { PURGE_OWED_KEY, PurgeDebt } from './purge-debt';
import { SpoolError, type SpoolFailure } from './spool-ports';

const RECOVERY_MS = 1_000;
/** LevelDB keeps erased data until it compacts, which it may not do if nothing is written: compacted explicitly after this. */
const COMPACT_BYTES = 1024 * 1024;
/** The first may move what it writes to where only a second merges it. */
const PURGE_ROUNDS = 2;
const NOTHING = Buffer.alloc(0);

/** What a layout tracks about the contents of its folder. */
export interface Contents {
  readonly entries: number;
  readonly bytes: number;
  /** Entries that this version cannot read, and therefore never erases. */
  readonly unrecognized: number;
  /** Whether PURGE_OWED_KEY is in it. */
  owesPurge: boolean;
  /** Removes an entry that was erased or could not be written; the result is its size. */
  remove(key: Buffer): number;
}

export type ReadOperation<T> = (database: Database, isErased: (key: Buffer) => boolean) => Promise<T>;

export interface SpoolFolderOptions<C extends Contents> {
  readonly folder: string;
  readonly log: Log;
  readonly clock: Clock;
  readonly disk: Disk;
  /** Loads the contents of the database. */
  readonly load: (database: Database) => Promise<C>;
}

/**
 * The database of one folder, in either layout. Concurrent writes are synced together (group commit). Erasures are not synced:
 * an entry that reappears after a crash is a duplicate, never a loss.
 *
 * After a failed write LevelDB's log may have a gap, so the database is read-only until it has been reopened. The log may also
 * contain the failed write: it is erased, and the erasure synced, before anything else is written.
 */
export class SpoolFolder<C extends Contents> {
  readonly #options: SpoolFolderOptions<C>;
  readonly #space: FreeSpace;
  #database: Database;
  #contents: C;
  #openings = 1;
  #writes: PendingWrite[] = [];
  readonly #erasures = new Erasures();
  readonly purgeDebt: PurgeDebt;
  readonly #reads = new Set<Promise<unknown>>();
  #writing: Promise<void> | undefined;
  /** The last group, which never rejects. */
  #group: Promise<void> | undefined;
  #reopening: Promise<void> | undefined;
  #compacting: Promise<void> | undefined;
  #waitingForSpace: Promise<void> | undefined;
  /** Bytes erased since the last compaction. */
  #erasedBytes = 0;
  #isReadOnly = false;
  #isDiskFull = false;
  #isOpenFailureLogged = false;
  #isClosed = false;

  private constructor(options: SpoolFolderOptions<C>, database: Database, contents: C) {
    this.#options = options;
    this.#database = database;
    this.#contents = contents;
    this.#space = new FreeSpace(options.folder, options.clock, options.disk);
    this.purgeDebt = new PurgeDebt(options, {
      isOwed: () => this.#contents.owesPurge,
      write: () => this.#writePurgeOwed(),
      erase: () => this.#erasePurgeOwed(),
      purge: () => this.#purge(),
    });
  }

  /** Undefined if another process has the folder. @throws Error if the folder cannot be used */
  static async open<C extends Contents>(options: SpoolFolderOptions<C>): Promise<SpoolFolder<C> | undefined> {
    const opened = await openFolder(options.folder, options.disk, options.log, options.load);
    return opened === undefined ? undefined : new SpoolFolder(options, opened.database, opened.contents);
  }

  get path(): string {
    return this.#options.folder;
  }

  /** A new object after the database was reopened. */
  get contents(): C {
    return this.#contents;
  }

  get openings(): number {
    return this.#openings;
  }

  get condition(): 'usable' | 'full' | 'failing' {
    if (this.#isReadOnly) return 'failing';
    return this.#isDiskFull ? 'full' : 'usable';
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Bytes that can be written before the disk's reserve is used, as last known. */
  get availableBytes(): number {
    return this.#space.availableBytes;
  }

  /** Resolves once synced to disk. The caller has counted it in `contents`; if it fails it is removed there. @throws SpoolError */
  write(key: Buffer, content: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (failure: SpoolFailure | undefined): void => {
        if (failure === undefined) return resolve();
        this.#contents.remove(key);
        reject(new SpoolError(failure));
      };
      this.#writes.push({ key, content, settle });
      this.#flush();
    });
  }

  /** Erases an entry whose write has resolved: it is in no read that starts later. */
  erase(key: Buffer): void {
    if (!this.#erasures.add(key)) return;
    this.#erasedBytes += this.#contents.remove(key);
    this.#flush();
  }

  /**
   * Reads from the database, which stays open meanwhile; undefined once the folder is closed. Erased entries may still be found:
   * the operation must check `isErased`.
   * @throws SpoolError `failing` if the database cannot be read at the moment
   */
  async read<T>(operation: ReadOperation<T>): Promise<T | undefined> {
    while (this.#reopening !== undefined) await this.#reopening;
    if (this.#isClosed) return undefined;
    if (this.#database.status !== 'open') throw new SpoolError('failing');
    const view = this.#erasures.beginRead();
    const result = operation(this.#database, (key) => view.isErased(key));
    this.#reads.add(result);
    try {
      return await result;
    } catch (error) {
      const { code, message } = reasonOf(error);
      if (!code.startsWith('LEVEL_')) throw error;
      // Reopening repairs it.
      if (code === 'LEVEL_CORRUPTION') this.#fail('the spool cannot be read', message, []);
      throw new SpoolError('failing', message);
    } finally {
      this.#reads.delete(result);
      view.end();
    }
  }

  /**
   * Resolves once nothing of what was erased before is on the disk. A compaction leaves erased entries in a file that overlaps no other,
   * which they may have been written to together with their erasures: so it is made to overlap them, by erasing keys before the first and
   * after the last, which do not exist.
   * @throws SpoolError
   */
  async #purge(): Promise<void> {
    while (this.#reopening !== undefined) await this.#reopening;
    for (let round = 0; round < PURGE_ROUNDS; round += 1) {
      if (this.#isClosed) throw new SpoolError('closed');
      for (const key of OUTER_KEYS) this.#erasures.add(key);
      await this.#whenErased();
      while (this.#compacting !== undefined) await this.#compacting;
      await this.#compact((error) => {
        throw new SpoolError(this.#isClosed ? 'closed' : 'failing', reasonOf(error).message);
      });
    }
  }

  async #writePurgeOwed(): Promise<void> {
    while (this.#reopening !== undefined) await this.#reopening;
    if (this.#isClosed) throw new SpoolError('closed');
    if (this.#isReadOnly) throw new SpoolError('failing');
    await this.write(PURGE_OWED_KEY, NOTHING);
    this.#contents.owesPurge = true;
  }

  async #erasePurgeOwed(): Promise<void> {
    this.#contents.owesPurge = false;
    this.#erasures.add(PURGE_OWED_KEY);
    await this.#whenErased();
  }

  /** Resolves once everything erased so far is written, whatever is written afterwards. @throws SpoolError */
  async #whenErased(): Promise<void> {
    const last = this.#erasures.added;
    while (this.#erasures.written < last) {
      if (this.#isReadOnly) throw new SpoolError('failing');
      this.#flush();
      await this.#group;
    }
  }

  /** Finishes pending writes and reads, and releases the folder for another process. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#waitUntilIdle();
    // Failed writes must not reappear for the next process.
    if (this.#isReadOnly && this.#erasures.pending > 0) await this.#reopen();
    await this.#waitUntilIdle();
    await this.#closeDatabase();
  }

  async #waitUntilIdle(): Promise<void> {
    for (let work = this.#writing ?? this.#reopening; work !== undefined; work = this.#writing ?? this.#reopening) {
      await work;
    }
  }

  #flush(): void {
    if (this.#isReadOnly) return;
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = undefined;
      if (this.#writes.length + this.#erasures.pending > 0) this.#flush();
    });
  }

  async #writeAll(): Promise<void> {
    while (this.#writes.length + this.#erasures.pending > 0 && !this.#isReadOnly) {
      this.#group = this.#writeNext();
      await this.#group;
    }
  }

  async #writeNext(): Promise<void> {
    const group = takeGroup(this.#writes);
    const bytes = group.reduce((sum, { content }) => sum + content.length, 0);
    try {
      if (bytes > 0 && !(await this.#space.reserve(bytes))) {
        this.#handleFullDisk();
        for (const { settle } of group) settle('full');
        return;
      }
      await this.#writeGroup(this.#database, group, { sync: group.length > 0 });
      if (group.length > 0) this.#isDiskFull = false;
      this.#compactIfNeeded();
      for (const { settle } of group) settle(undefined);
    } catch (error) {
      this.#fail('the spool cannot be written', reasonOf(error).message, group);
    }
  }

  /** Writes a group, and erases pending erasures. */
  #writeGroup(database: Database, group: readonly PendingWrite[], options: { readonly sync: boolean }): Promise<void> {
    return this.#erasures.write((names) => writeGroup(database, names, group, options));
  }

  /** Frees the disk space of erased entries: once the spool is empty, or if the disk is full. */
  #compactIfNeeded(): void {
    if (this.#compacting !== undefined || this.#erasedBytes < COMPACT_BYTES) return;
    const isEmpty = this.#contents.entries + this.#erasures.pending === 0;
    if (!isEmpty && !this.#isDiskFull) return;
    this.#erasedBytes = 0;
    void this.#compact((error) =>
      this.#options.log.warn('the spool cannot be compacted', { error: reasonOf(error).message }),
    );
  }

  /** Before the database is closed, its end is awaited. */
  #compact(onError: (error: unknown) => void): Promise<void> {
    const compaction = compactDatabase(this.#database);
    this.#compacting = compaction.catch(() => undefined).finally(() => (this.#compacting = undefined));
    return compaction.catch(onError);
  }

  #handleFullDisk(): void {
    this.#isDiskFull = true;
    this.#compactIfNeeded();
    this.#waitingForSpace ??= this.#waitForSpace().finally(() => (this.#waitingForSpace = undefined));
  }

  /** A load balancer may send nothing until the condition is usable again, so no write would detect it. */
  async #waitForSpace(): Promise<void> {
    while (this.#isDiskFull && !this.#isClosed) {
      await delay(this.#options.clock, RECOVERY_MS);
      if (await this.#hasSpace()) this.#isDiskFull = false;
    }
  }

  #hasSpace(): Promise<boolean> {
    return this.#space.reserve(0).catch(() => false);
  }

  #fail(problem: string, reason: string, group: readonly PendingWrite[]): void {
    const wasReadOnly = this.#isReadOnly;
    this.#isReadOnly = true;
    // They may have reached the disk nevertheless.
    for (const { key } of group) this.#erasures.add(key);
    for (const { settle } of [...group, ...this.#writes.splice(0)]) settle('failing');
    if (wasReadOnly) return;
    this.#options.log.error(problem, { folder: this.path, error: reason });
    void this.#recover();
  }

  async #recover(): Promise<void> {
    while (this.#isReadOnly) {
      await delay(this.#options.clock, RECOVERY_MS);
      // Reopening needs disk space for the contents of its log, unless it is empty.
      const isPossible = this.#isEmpty || (await this.#hasSpace());
      if (this.#isClosed) return;
      if (isPossible) await this.#reopen();
    }
  }

  get #isEmpty(): boolean {
    return this.#contents.entries + this.#contents.unrecognized === 0;
  }

  async #reopen(): Promise<void> {
    this.#reopening = this.#closeAndOpen()
      .then(() => {
        this.#isOpenFailureLogged = false;
      })
      .catch((error: unknown) => this.#logOpenFailure(error))
      .finally(() => (this.#reopening = undefined));
    await this.#reopening;
  }

  /** Logged once, although it is tried every second. */
  #logOpenFailure(error: unknown): void {
    if (this.#isOpenFailureLogged) return;
    this.#isOpenFailureLogged = true;
    this.#options.log.error('the spool cannot be opened', { folder: this.path, error: reasonOf(error).message });
  }

  async #closeAndOpen(): Promise<void> {
    const { disk, log, load } = this.#options;
    // After a failed read, a write may be in progress.
    while (this.#writing !== undefined) await this.#writing;
    await this.#closeDatabase();
    if (this.#isEmpty) {
      await disk.destroy(this.path);
      this.#erasures.clear();
    }
    const opened = await openFolder(this.path, disk, log, async (database) => {
      while (this.#erasures.pending > 0) await this.#writeGroup(database, [], { sync: true });
      return load(database);
    });
    if (opened === undefined) throw new Error('another process has taken the folder');
    const { database, contents } = opened;
    // Entries erased in the meantime are still in the database.
    for (const key of this.#erasures.keys()) contents.remove(key);
    this.#database = database;
    this.#contents = contents;
    this.#openings += 1;
    this.#isReadOnly = false;
    log.info('the spool can be written again', { folder: this.path, entries: contents.entries });
    this.#flush();
  }

  async #closeDatabase(): Promise<void> {
    await Promise.allSettled([...this.#reads]);
    await this.#compacting;
    await this.#database.close();
  }
}
