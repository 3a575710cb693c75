import { type OutgoingMessage, readRecord } from '@pdaltagent/messaging';
import { type Logger } from '@pdaltagent/service';
import { SpoolError, type SpoolSource, type StoredEntry } from '@pdaltagent/spool';
import { type SpooledEvent } from './drain';

const PAGE = { entries: 64, bytes: 128 * 1024 };

export interface SpoolReaderOptions {
  readonly log: Logger;
  readonly erase: (source: SpoolSource, lane: number, sequence: number, bytes: number) => void;
  /** Whether an operator has erased an entry, which a read may still return. */
  readonly isErased: (source: SpoolSource, lane: number, sequence: number) => boolean;
  /** Quarantines a damaged record. Resolves with false if that is not possible now. */
  readonly quarantine: (id: string, record: Buffer) => Promise<boolean>;
}

/** The sequences that stay in a spool: for a newer version, or because the quarantine failed. */
interface Skipped {
  readonly openings: number;
  readonly lanes: Map<number, Set<number>>;
}

/** Reads the events in spools. Records of newer versions stay in the spool, damaged ones are quarantined. */
export class SpoolReader {
  readonly #options: SpoolReaderOptions;
  readonly #skipped = new WeakMap<SpoolSource, Skipped>();
  /** Spools whose last read failed, which is logged once. */
  readonly #unreadable = new WeakSet<SpoolSource>();

  constructor(options: SpoolReaderOptions) {
    this.#options = options;
  }

  /** Number of a lane's entries that this version can drain, including those that it has not read yet. */
  remaining(source: SpoolSource, lane: number): number {
    return source.entriesOf(lane) - (this.#skippedIn(source).get(lane)?.size ?? 0);
  }

  /** The next events of a lane after a sequence, oldest first; none if the end is reached or the spool cannot be read. */
  async read(source: SpoolSource, lane: number, after: number): Promise<SpooledEvent<OutgoingMessage>[]> {
    try {
      // Entries that stay in the spool must not hide those after them.
      for (let from = after; ;) {
        const page = await source.read(lane, from, PAGE);
        this.#unreadable.delete(source);
        const events: SpooledEvent<OutgoingMessage>[] = [];
        for (const entry of page) {
          const event = await this.#eventOf(source, lane, entry);
          if (event !== undefined) events.push({ sequence: entry.sequence, bytes: entry.bytes, event });
        }
        const last = page.at(-1);
        if (events.length > 0 || last === undefined) return events;
        from = last.sequence;
      }
    } catch (error) {
      // The next tick reads again.
      if (!this.#unreadable.has(source))
        this.#options.log.error('the spool cannot be read', { folder: source.folder, error });
      this.#unreadable.add(source);
      return [];
    }
  }

  /** An entry has been erased by somebody else: if it was to stay in the spool, it no longer is. */
  onErased(source: SpoolSource, lane: number, sequence: number): void {
    this.#skippedIn(source).get(lane)?.delete(sequence);
  }

  /** The lowest sequence of all lanes; NaN if the spool cannot be read at the moment. */
  async oldestSequence(source: SpoolSource): Promise<number | undefined> {
    try {
      return await source.oldestSequence();
    } catch (error) {
      if (error instanceof SpoolError) return NaN;
      throw error;
    }
  }

  async #eventOf(source: SpoolSource, lane: number, entry: StoredEntry): Promise<OutgoingMessage | undefined> {
    if (this.#skippedIn(source).get(lane)?.has(entry.sequence) === true) return undefined;
    if (this.#options.isErased(source, lane, entry.sequence)) return undefined;
    const read = entry.isDamaged === true ? ({ kind: 'damaged' } as const) : readRecord(entry.content);
    switch (read.kind) {
      case 'message':
        return read.message;
      case 'newer':
        if (this.#skip(source, lane, entry.sequence)) this.#reportNewer(source, entry.sequence, read.version);
        return undefined;
      case 'damaged':
        if (await this.#options.quarantine(`damaged-${lane}-${entry.sequence}`, entry.content)) {
          this.#options.erase(source, lane, entry.sequence, entry.bytes);
        } else this.#skip(source, lane, entry.sequence);
        return undefined;
    }
  }

  /** By lane; empty again after the spool was reopened, because a repair may have removed some of them. */
  #skippedIn(source: SpoolSource): Skipped['lanes'] {
    const { openings } = source;
    let skipped = this.#skipped.get(source);
    if (skipped?.openings !== openings) this.#skipped.set(source, (skipped = { openings, lanes: new Map() }));
    return skipped.lanes;
  }

  /** False if it was skipped before, or is no longer in the spool. */
  #skip(source: SpoolSource, lane: number, sequence: number): boolean {
    if (this.#options.isErased(source, lane, sequence)) return false;
    const lanes = this.#skippedIn(source);
    const skipped = lanes.get(lane) ?? new Set<number>();
    if (skipped.has(sequence)) return false;
    lanes.set(lane, skipped.add(sequence));
    return true;
  }

  #reportNewer({ folder }: SpoolSource, sequence: number, version: number): void {
    this.#options.log.error('a spooled event was written by a newer version: it stays in the spool for that version', {
      folder,
      sequence,
      version,
    });
  }
}
