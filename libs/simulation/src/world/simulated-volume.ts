import { type Database, type DatabaseIterator, type Disk, type QuarantineEntry } from '@pdaltagent/spool';
import { type Scheduler } from '../scheduler';
import { SeededRandom } from '../seeded-random';
import { type SimulatedProcess } from '../simulated-process';

interface Batch {
  readonly puts: readonly (readonly [key: string, value: Buffer])[];
  readonly deletions: readonly string[];
}

/** Bytes at the beginning of each record. */
export const CHECKSUM_BYTES = 4;
/** Where its size is in the key of a record. */
const BYTES_AT = 9;
const SYNC_MS = { least: 0.5, most: 5 };
const READ_MS = 0.2;
const SLOW_FACTOR = 200;
const DISK_BYTES = 1e9;
/** Of power failures: that leave a write in part; that damage a record. */
const TORN_SHARE = 0.5;
const DAMAGED_SHARE = 0.3;

export type QuarantinedRecord = Pick<QuarantineEntry, 'id' | 'problem' | 'record'>;

/** A record, without its checksum. */
export interface DamagedRecord {
  readonly before: Buffer;
  readonly after: Buffer;
  /** Otherwise it had not been acknowledged. */
  readonly wasSynced: boolean;
}

/** Over a quota, a disk reports free space and refuses to write. */
export type VolumeMode = 'works' | 'slow' | 'full' | 'over its quota' | 'sync fails';

/** The disk of one gateway, which outlives its processes; with one LevelDB on it. */
export class SimulatedVolume {
  readonly #scheduler: Scheduler;
  readonly #random: SeededRandom;
  readonly #name: string;
  /** By key, as latin1, of which the order is that of the bytes. What readers see. */
  #entries = new Map<string, Buffer>();
  /** What a power failure leaves for certain. */
  #synced = new Map<string, Buffer>();
  /** Written since the last sync, oldest first. */
  #unsynced: Batch[] = [];
  #owner: SimulatedProcess | undefined;
  #bytes = 0;
  #mostBytes = 0;
  #mode: VolumeMode = 'works';
  /** When it last was slow; and when it last was full, or failed. */
  #slowAt = -Infinity;
  #failedAt = -Infinity;
  /** What the gateway put into its quarantine. */
  readonly quarantined: QuarantinedRecord[] = [];
  /** What power failures damaged. */
  readonly damaged: DamagedRecord[] = [];

  constructor(scheduler: Scheduler, name: string) {
    this.#scheduler = scheduler;
    this.#name = name;
    this.#random = new SeededRandom(scheduler.seed, name);
  }

  get mode(): VolumeMode {
    return this.#mode;
  }

  set mode(mode: VolumeMode) {
    this.#recordTrouble();
    this.#mode = mode;
  }

  /** Whether it was full, or failed, at that time or later. */
  hasFailedSince(at: number): boolean {
    this.#recordTrouble();
    return this.#failedAt >= at;
  }

  /** Whether it was slow at that time or later. */
  wasSlowSince(at: number): boolean {
    this.#recordTrouble();
    return this.#slowAt >= at;
  }

  /** Bytes of the records in it: without their checksums, as the spool counts them. */
  get bytes(): number {
    return this.#bytes;
  }

  get mostBytes(): number {
    return this.#mostBytes;
  }

  bytesOf(lane: number): number {
    let bytes = 0;
    for (const key of this.#entries.keys()) if (key.charCodeAt(0) === lane) bytes += bytesIn(key);
    return bytes;
  }

  get entries(): number {
    return this.#entries.size;
  }

  /** What its spool contains. */
  get values(): readonly Buffer[] {
    return [...this.#entries.values()];
  }

  /**
   * Of what was not synced, the first writes are on the disk, the next one may be in part, the others are not. A record that
   * was synced may be damaged, too.
   */
  failPower(): void {
    this.#scheduler.note(`${this.#name}: the power fails`);
    const kept = this.#random.below(this.#unsynced.length + 1);
    const torn = this.#random.fraction() < TORN_SHARE ? this.#unsynced[kept] : undefined;
    const batches = this.#unsynced.slice(0, kept);
    this.#entries = new Map(this.#synced);
    this.#bytes = 0;
    for (const key of this.#entries.keys()) this.#bytes += bytesIn(key);
    for (const batch of batches) this.#apply(batch);
    const undamaged = [...this.#entries].filter(([, value]) => !this.#isDamaged(value));
    if (undamaged.length > 0 && this.#random.fraction() < DAMAGED_SHARE)
      this.#damage([this.#random.pick(undamaged)], true);
    if (torn !== undefined) this.#damage(torn.puts, false);
    this.#sync();
  }

  #isDamaged(value: Buffer): boolean {
    const record = value.subarray(CHECKSUM_BYTES);
    return this.damaged.some(({ after }) => after.equals(record));
  }

  #damage(records: Batch['puts'], wasSynced: boolean): void {
    const damaged = records.map(([key, value]) => ({ key, value, damagedValue: this.#damagedOf(value) }));
    this.#apply({ puts: damaged.map(({ key, damagedValue }) => [key, damagedValue]), deletions: [] });
    for (const { value, damagedValue } of damaged) {
      const [before, after] = [value, damagedValue].map((each) => each.subarray(CHECKSUM_BYTES));
      if (before !== undefined && after !== undefined) this.damaged.push({ before, after, wasSynced });
    }
  }

  /** Only the beginning, or with one byte changed. */
  #damagedOf(value: Buffer): Buffer {
    const at = this.#random.below(value.length);
    if (this.#random.fraction() < 0.5) return value.subarray(0, at);
    const damaged = Buffer.from(value);
    damaged.writeUInt8((damaged.readUInt8(at) + 1) % 256, at);
    return damaged;
  }

  diskOf(process: SimulatedProcess): Disk {
    process.onEnd(() => {
      if (this.#owner === process) this.#owner = undefined;
    });
    return {
      open: async () => {
        await this.#wait(process, READ_MS);
        if (this.#owner !== undefined) return undefined;
        // Opening writes what is in LevelDB's log to a table.
        if (this.#isFull && this.#entries.size > 0) throw ioError('No space left on device');
        this.#owner = process;
        return this.#open(process);
      },
      repair: () => this.#wait(process, READ_MS),
      destroy: async () => {
        await this.#wait(process, READ_MS);
        this.#entries.clear();
        this.#bytes = 0;
        this.#sync();
      },
      space: async () => {
        await this.#wait(process, READ_MS);
        return { totalBytes: DISK_BYTES, freeBytes: this.mode === 'full' ? 0 : DISK_BYTES };
      },
    };
  }

  /** Writes a file and syncs it. @throws Error if the disk is full or fails */
  async quarantine(process: SimulatedProcess, entry: QuarantinedRecord): Promise<void> {
    await this.#wait(process, this.#syncMs());
    if (this.#isFull) throw ioError('No space left on device');
    if (this.mode === 'sync fails') throw ioError('Input/output error');
    this.quarantined.push(entry);
  }

  #open(process: SimulatedProcess): Database {
    let status = 'open';
    return {
      get status() {
        return status;
      },
      batch: () => {
        const puts: [string, Buffer][] = [];
        const deletions: string[] = [];
        return {
          put: (key, value) => puts.push([key.toString('latin1'), value]),
          del: (key) => deletions.push(key.toString('latin1')),
          write: ({ sync }) => this.#write(process, { puts, deletions }, sync),
        };
      },
      iterator: ({ gte, lte }) =>
        this.#iterate(process, gte, lte, (key, value): [Buffer, Buffer] => [Buffer.from(key, 'latin1'), value]),
      keys: ({ gte, lte }) => this.#iterate(process, gte, lte, (key) => Buffer.from(key, 'latin1')),
      getMany: async (keys) => {
        await this.#wait(process, READ_MS);
        return keys.map((key) => this.#entries.get(key.toString('latin1')));
      },
      compactRange: () => this.#wait(process, READ_MS),
      close: async () => {
        status = 'closed';
        await this.#wait(process, READ_MS);
        if (this.#owner === process) this.#owner = undefined;
      },
    };
  }

  async #write(process: SimulatedProcess, batch: Batch, isSynced: boolean): Promise<void> {
    // It is in the operating system's hands before it is synced, and survives the process from then on.
    await this.#wait(process, READ_MS);
    if (this.#isFull) throw ioError('No space left on device');
    this.#apply(batch);
    this.#unsynced.push(batch);
    if (!isSynced) return;
    await this.#wait(process, this.#syncMs());
    if (this.mode === 'sync fails') throw ioError('Input/output error');
    this.#sync();
  }

  #iterate<Item>(
    process: SimulatedProcess,
    gte: Buffer | undefined,
    lte: Buffer | undefined,
    itemOf: (key: string, value: Buffer) => Item,
  ): DatabaseIterator<Item> {
    const [first, last] = [gte?.toString('latin1'), lte?.toString('latin1')];
    const items = [...this.#entries]
      .filter(([key]) => (first === undefined || key >= first) && (last === undefined || key <= last))
      .sort(([left], [right]) => (left < right ? -1 : 1));
    return {
      nextv: async (size) => {
        await this.#wait(process, READ_MS);
        return items.splice(0, size).map(([key, value]) => itemOf(key, value));
      },
      close: () => Promise.resolve(),
    };
  }

  #apply({ puts, deletions }: Batch): void {
    for (const key of deletions) {
      if (this.#entries.delete(key)) this.#bytes -= bytesIn(key);
    }
    for (const [key, value] of puts) {
      if (!this.#entries.has(key)) this.#bytes += bytesIn(key);
      this.#entries.set(key, value);
    }
    this.#mostBytes = Math.max(this.#mostBytes, this.#bytes);
  }

  #sync(): void {
    this.#synced = new Map(this.#entries);
    this.#unsynced = [];
  }

  #recordTrouble(): void {
    if (this.#mode === 'works') return;
    if (this.#mode === 'slow') this.#slowAt = this.#scheduler.now;
    else this.#failedAt = this.#scheduler.now;
  }

  get #isFull(): boolean {
    return this.mode === 'full' || this.mode === 'over its quota';
  }

  #syncMs(): number {
    const ms = SYNC_MS.least + this.#random.fraction() * (SYNC_MS.most - SYNC_MS.least);
    return this.mode === 'slow' ? ms * SLOW_FACTOR : ms;
  }

  /** Never resolves once the process is dead. */
  #wait(process: SimulatedProcess, ms: number): Promise<void> {
    return new Promise((resolve) => process.enterAfter(ms, `${this.#name} answers`, resolve));
  }
}

/** The size of a record, which is the end of its key. */
function bytesIn(key: string): number {
  return Buffer.from(key, 'latin1').readUInt32BE(BYTES_AT);
}

function ioError(reason: string): Error {
  return Object.assign(new Error(`IO error: ${reason}`), { code: 'LEVEL_IO_ERROR' });
}
