/** Why something could not be spooled: the spool or its disk is full, the disk fails, or the process ends. */
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
  /** Its size when it was written, which `erase` asks for. */
  readonly bytes: number;
  readonly content: Buffer;
  /** The content is not what was written; it is given as it is on disk. */
  readonly isDamaged?: true;
}

export interface PageLimit {
  readonly entries: number;
  readonly bytes: number;
}

/** Entries on disk that can be drained lane by lane; a lane is a number from 0 to 255. */
export interface SpoolSource {
  readonly folder: string;
  /** Of all lanes: what is in it and not erased, and what is being written. */
  readonly entries: number;
  readonly bytes: number;
  entriesOf(lane: number): number;
  bytesOf(lane: number): number;
  /**
   * The next entries of a lane after a sequence, oldest first, at most the limit, but at least one if there is one. None
   * once it is closed.
   * @throws SpoolError `failing` if the database cannot be read at the moment: to be tried again
   */
  read(lane: number, after: number, limit: PageLimit): Promise<StoredEntry[]>;
  /** Takes out an entry that was read, or whose append has resolved; it is in no read that starts later. */
  erase(lane: number, sequence: number, bytes: number): void;
  /** The lowest sequence of all lanes. @throws SpoolError as read */
  oldestSequence(): Promise<number | undefined>;
  /** Waits for reads and writes, then releases the folder for another process. */
  close(): Promise<void>;
}
