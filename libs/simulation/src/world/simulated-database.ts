import { type Database, type DatabaseBatch, type DatabaseIterator, type IteratorOptions } from '@pdaltagent/spool';
import { type Batch, Records } from './records';
import { type StoredRecords } from './stored-records';

/** The disk of a database. */
export interface DatabasePorts {
  readonly stored: StoredRecords;
  /** Whether there is no space for a write. */
  readonly isFull: () => boolean;
  /** Whether a full disk has what was written in spite of the error. */
  readonly isWrittenAnyway: () => boolean;
  /** Whether syncs fail. */
  readonly isFailing: () => boolean;
  /** Resolves after the time for a read; never once the process is dead. */
  readonly whenRead: () => Promise<void>;
  /** The same for a sync. */
  readonly whenSynced: () => Promise<void>;
  /** Readers see what was written. */
  readonly applied: (records: Records) => void;
  readonly closed: () => void;
}

/**
 * LevelDB, from opening to closing. What readers see is in memory. After a sync that failed, all writes fail until it is
 * opened again; after a write that failed, the log has a gap: what is written then is not found again
 * (`DBImpl::Write` and `RecordBackgroundError` of LevelDB 1.20).
 */
export class SimulatedDatabase implements Database {
  readonly #ports: DatabasePorts;
  /** What readers see. */
  readonly records: Records;
  status = 'open';
  #failure: Error | undefined;
  #hasGap = false;

  constructor(ports: DatabasePorts) {
    this.#ports = ports;
    this.records = new Records(ports.stored.records.values);
  }

  batch(): DatabaseBatch {
    const puts: [string, Buffer][] = [];
    const deletions: string[] = [];
    return {
      put: (key, value) => puts.push([key.toString('latin1'), value]),
      del: (key) => deletions.push(key.toString('latin1')),
      write: ({ sync }) => this.#write({ puts, deletions }, sync),
    };
  }

  iterator(range: IteratorOptions): DatabaseIterator<[Buffer, Buffer]> {
    return this.#iterate(range, (key, value) => [Buffer.from(key, 'latin1'), value]);
  }

  keys(range: IteratorOptions): DatabaseIterator<Buffer> {
    return this.#iterate(range, (key) => Buffer.from(key, 'latin1'));
  }

  async getMany(keys: Buffer[]): Promise<(Buffer | undefined)[]> {
    await this.#ports.whenRead();
    return keys.map((key) => this.records.values.get(key.toString('latin1')));
  }

  compactRange(): Promise<void> {
    return this.#ports.whenRead();
  }

  async close(): Promise<void> {
    this.status = 'closed';
    await this.#ports.whenRead();
    this.#ports.closed();
  }

  async #write(batch: Batch, isSynced: boolean): Promise<void> {
    const { stored, isFull, isWrittenAnyway, isFailing, whenRead, whenSynced } = this.#ports;
    await whenRead();
    if (this.#failure !== undefined) throw this.#failure;
    if (isFull()) {
      if (!this.#hasGap && isWrittenAnyway()) stored.write(batch);
      this.#hasGap = true;
      throw ioError('No space left on device');
    }
    if (!this.#hasGap) stored.write(batch);
    if (isSynced) {
      await whenSynced();
      if (isFailing()) throw (this.#failure = ioError('Input/output error'));
      stored.sync();
    }
    this.records.apply(batch);
    this.#ports.applied(this.records);
  }

  #iterate<Item>({ gte, lte }: IteratorOptions, itemOf: (key: string, value: Buffer) => Item): DatabaseIterator<Item> {
    const [first, last] = [gte?.toString('latin1'), lte?.toString('latin1')];
    const items = [...this.records.values]
      .filter(([key]) => (first === undefined || key >= first) && (last === undefined || key <= last))
      .sort(([left], [right]) => (left < right ? -1 : 1));
    return {
      nextv: async (size) => {
        await this.#ports.whenRead();
        return items.splice(0, size).map(([key, value]) => itemOf(key, value));
      },
      close: () => Promise.resolve(),
    };
  }
}

/** As LevelDB's errors. */
export function ioError(reason: string): Error {
  return Object.assign(new Error(`IO error: ${reason}`), { code: 'LEVEL_IO_ERROR' });
}
