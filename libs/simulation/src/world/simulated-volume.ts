import { type Disk, type QuarantineEntry } from '@pdaltagent/spool';
import { type Scheduler } from '../scheduler';
import { SeededRandom } from '../seeded-random';
import { type SimulatedProcess } from '../simulated-process';
import { type Records } from './records';
import { ioError, SimulatedDatabase } from './simulated-database';
import { type DamagedRecord, StoredRecords } from './stored-records';

const SYNC_MS = { least: 0.5, most: 5 };
const READ_MS = 0.2;
const SLOW_FACTOR = 200;
const DISK_BYTES = 1e9;

export type QuarantinedRecord = Pick<QuarantineEntry, 'id' | 'problem' | 'record'>;

/** Over a quota, a disk reports free space and refuses to write. */
export type VolumeMode = 'works' | 'slow' | 'full' | 'over its quota' | 'sync fails';

/** The disk of one gateway, which outlives its processes; with one LevelDB and a quarantine on it. */
export class SimulatedVolume {
  readonly #scheduler: Scheduler;
  readonly #random: SeededRandom;
  readonly #name: string;
  readonly #stored: StoredRecords;
  /** Of the process that has it open. */
  #database: SimulatedDatabase | undefined;
  #mode: VolumeMode = 'works';
  /** When it last was slow; and when it last was full, or failed. */
  #slowAt = -Infinity;
  #failedAt = -Infinity;
  /** Most bytes of the records that readers saw. */
  mostBytes = 0;
  /** What the gateway put into its quarantine. */
  readonly quarantined: QuarantinedRecord[] = [];

  constructor(scheduler: Scheduler, name: string) {
    this.#scheduler = scheduler;
    this.#name = name;
    this.#random = new SeededRandom(scheduler.seed, name);
    this.#stored = new StoredRecords(this.#random);
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

  /** What the spool contains. */
  get records(): Records {
    return this.#database?.records ?? this.#stored.records;
  }

  /** What power failures damaged. */
  get damaged(): readonly DamagedRecord[] {
    return this.#stored.damaged;
  }

  /** Its process must be dead. */
  failPower(): void {
    this.#scheduler.note(`${this.#name}: the power fails`);
    this.#stored.failPower();
  }

  diskOf(process: SimulatedProcess): Disk {
    let own: SimulatedDatabase | undefined;
    const release = (): void => {
      if (this.#database === own) this.#database = undefined;
    };
    process.onEnd(release);
    const stored = this.#stored;
    const whenRead = (): Promise<void> => this.#wait(process, READ_MS);
    return {
      open: async () => {
        await whenRead();
        if (this.#database !== undefined) return undefined;
        // Opening writes what is in LevelDB's log to a table, and syncs that.
        if (this.#isFull && stored.records.values.size > 0) throw ioError('No space left on device');
        if (this.mode === 'sync fails') throw ioError('Input/output error');
        stored.sync();
        own = new SimulatedDatabase({
          stored,
          isFull: () => this.#isFull,
          isWrittenAnyway: () => this.#random.fraction() < 0.5,
          isFailing: () => this.mode === 'sync fails',
          whenRead,
          whenSynced: () => this.#wait(process, this.#syncMs()),
          applied: ({ bytes }) => (this.mostBytes = Math.max(this.mostBytes, bytes)),
          closed: release,
        });
        this.#database = own;
        return own;
      },
      repair: whenRead,
      destroy: async () => {
        await whenRead();
        stored.clear();
      },
      space: async () => {
        await whenRead();
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
