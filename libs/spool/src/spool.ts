import { type Clock, SYSTEM_CLOCK } from '@pdaltagent/clock';
import { type Database, type Disk, LEVELDB } from './disk';
import { batches } from './batches';
import { LaneContents } from './lane-contents';
import { keysAfter, laneKeyOf, MAX_LANES, readLaneKey } from './lane-key';
import { type Log } from './log';
import { readPage } from './page';
import { SenderShares } from './sender-shares';
import { SpoolFolder } from './spool-folder';
import { StoredLanes } from './stored-lanes';
import { type PageLimit, SpoolError, type SpoolFailure, type SpoolSource, type StoredEntry } from './spool-ports';

/** Maximum share of the spool that one lane may use: if it stalls, there is still space for the others. */
const LANE_SHARE = 3 / 4;
/** Once this share of the spool is in use, a sender that has added more than this share of it leaves the rest to the others. */
const SENDER_SHARE = 3 / 4;
/** A full spool counts as usable again below this share of its size. */
const USABLE_SHARE = 0.95;
const BEGINNING = 0;
/** Keys to read at a time to find the first that is not erased. */
const FIRST_KEYS = 16;

export interface SpoolOptions {
  /** Maximum size of all entries together; one lane, or one sender, may use three quarters of it. */
  readonly maximumBytes: number;
  readonly log: Log;
  readonly clock?: Clock;
  readonly disk?: Disk;
}

/** Entries on disk, per lane in the order of their sequences. All lanes are synced together. */
export class Spool extends StoredLanes<LaneContents> implements SpoolSource {
  readonly #maximumBytes: number;
  readonly #senders = new SenderShares();
  #isFull = false;

  private constructor(maximumBytes: number, store: SpoolFolder<LaneContents>) {
    super(store);
    this.#maximumBytes = maximumBytes;
  }

  /** Undefined if another process has the folder. @throws Error if the folder cannot be used */
  static async open(
    folder: string,
    { maximumBytes, log, clock = SYSTEM_CLOCK, disk = LEVELDB }: SpoolOptions,
  ): Promise<Spool | undefined> {
    const store = await SpoolFolder.open({
      folder,
      log,
      clock,
      disk,
      load: (database) => LaneContents.load(database),
    });
    return store === undefined ? undefined : new Spool(maximumBytes, store);
  }

  /** The highest sequence in it when it was opened; 0 if it was empty. */
  get lastSequence(): number {
    return this.store.contents.lastSequence;
  }

  /** The condition of the whole spool: if only one lane has used up its share, the spool is still usable. */
  get condition(): 'usable' | 'full' | 'failing' {
    const { condition } = this.store;
    const isFull = this.#isFull && this.bytes >= this.#maximumBytes * USABLE_SHARE;
    return condition === 'usable' && isFull ? 'full' : condition;
  }

  /**
   * Resolves once the entry is synced to disk.
   * @param sender whose share of the spool it uses; none if undefined
   * @throws SpoolError
   */
  append(lane: number, sequence: number, content: Buffer, sender?: string): Promise<void> {
    if (this.entries === 0) this.#senders.clear();
    const failure = this.#refusal(lane, content.length, sender);
    if (failure !== undefined) return Promise.reject(new SpoolError(failure));
    this.store.contents.add(lane, content.length);
    const written = this.store.write(laneKeyOf(lane, sequence, content.length), content);
    if (sender !== undefined)
      void written.then(
        () => this.#senders.add(sender, content.length),
        () => undefined,
      );
    return written;
  }

  erase(lane: number, sequence: number, bytes: number): void {
    this.store.erase(laneKeyOf(lane, sequence, bytes));
  }

  async read(lane: number, after: number, limit: PageLimit): Promise<StoredEntry[]> {
    const page = await this.store.read((database, isErased) =>
      readPage(database, keysAfter(lane, after), limit, isErased),
    );
    return page ?? [];
  }

  async oldestSequence(): Promise<number | undefined> {
    const lanes = Array.from({ length: MAX_LANES }, (_, lane) => lane).filter((lane) => this.entriesOf(lane) > 0);
    // Concurrently: each takes several iterations of an event loop that a drain keeps busy.
    const oldestSequence = await Promise.all(
      lanes.map((lane) => this.store.read((database, isErased) => oldestOf(database, lane, isErased))),
    );
    const sequences = oldestSequence.filter((sequence) => sequence !== undefined);
    return sequences.length === 0 ? undefined : Math.min(...sequences);
  }

  #refusal(lane: number, bytes: number, sender: string | undefined): SpoolFailure | undefined {
    if (this.store.isClosed) return 'closed';
    if (this.store.condition === 'failing') return 'failing';
    this.#isFull &&= this.bytes >= this.#maximumBytes * USABLE_SHARE;
    if (this.bytes + bytes > this.#maximumBytes) {
      this.#isFull = true;
      return 'full';
    }
    // If the disk has less space than the spool may use, the lanes share the disk.
    const { availableBytes } = this.store;
    const size = availableBytes === 0 ? this.#maximumBytes : Math.min(this.#maximumBytes, this.bytes + availableBytes);
    if (this.bytesOf(lane) + bytes > size * LANE_SHARE) return 'full';
    const isOverShare = sender !== undefined && this.#senders.exceeds(SENDER_SHARE, sender);
    return isOverShare && this.bytes + bytes > size * SENDER_SHARE ? 'full' : undefined;
  }
}

async function oldestOf(
  database: Database,
  lane: number,
  isErased: (key: Buffer) => boolean,
): Promise<number | undefined> {
  for await (const keys of batches(database.keys(keysAfter(lane, BEGINNING)), () => FIRST_KEYS)) {
    const oldest = keys.find((key) => !isErased(key));
    if (oldest !== undefined) return readLaneKey(oldest)?.sequence;
  }
  return undefined;
}
