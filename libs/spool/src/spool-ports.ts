/** Why an event could not be spooled: the spool or its disk is full, the disk fails, or the spool is closed. */
export type SpoolFailure = 'full' | 'failing' | 'closed';

export class SpoolError extends Error {
  readonly code: SpoolFailure;

  constructor(code: SpoolFailure, reason?: string) {
    super(reason === undefined ? `the spool is ${code}` : `the spool is ${code}: ${reason}`);
    this.name = 'SpoolError';
    this.code = code;
  }
}

export interface StoredEntry {
  readonly sequence: number;
  /** Its size when it was written, as `erase` needs it. */
  readonly bytes: number;
  readonly content: Buffer;
  /** The checksum does not match; the content is as it is on disk. */
  readonly isDamaged?: true;
}

export interface PageLimit {
  readonly entries: number;
  readonly bytes: number;
}

/** Entries on disk that can be drained lane by lane; a lane is a number from 0 to 255. */
export interface SpoolSource {
  readonly folder: string;
  /** Of all lanes: entries that are not erased, and those being written. */
  readonly entries: number;
  readonly bytes: number;
  /** How often it was opened: each time it may have been repaired, and what is in it must be read again. */
  readonly openings: number;
  entriesOf(lane: number): number;
  bytesOf(lane: number): number;
  /**
   * The next entries of a lane after a sequence, oldest first, at most the limit, but at least one if there is one. None
   * once it is closed.
   * @throws SpoolError `failing` if the database cannot be read at the moment; try again later
   */
  read(lane: number, after: number, limit: PageLimit): Promise<StoredEntry[]>;
  /** Erases an entry that was read, or whose append has resolved; no read that starts later returns it. */
  erase(lane: number, sequence: number, bytes: number): void;
  /** Whether its files may have entries that were erased after `owePurge`, also by an earlier process. */
  readonly owesPurge: boolean;
  /** Resolves once it is on the disk that a purge is owed. @throws SpoolError if the disk fails, or the folder is closed */
  owePurge(): Promise<void>;
  /**
   * Resolves once the disk has nothing of the entries that were erased after `owePurge`: LevelDB keeps them until it compacts.
   * @throws SpoolError if the disk fails, or the folder is closed: the purge is still owed
   */
  purge(): Promise<void>;
  /** As `purge`, but a failure is only logged. */
  settlePurge(): Promise<void>;
  /** The lowest sequence of all lanes. @throws SpoolError as read */
  oldestSequence(): Promise<number | undefined>;
  /** Waits for reads and writes, then releases the folder for another process. */
  close(): Promise<void>;
}
