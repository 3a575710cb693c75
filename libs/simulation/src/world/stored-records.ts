import { type SeededRandom } from '../seeded-random';
import { type Batch, CHECKSUM_BYTES, Records } from './records';

/** Of power failures: that leave a write in part; that damage a record. */
const TORN_SHARE = 0.5;
const DAMAGED_SHARE = 0.3;

/** A record, without its checksum. */
export interface DamagedRecord {
  readonly before: Buffer;
  readonly after: Buffer;
  /** Otherwise it had not been acknowledged. */
  readonly wasSynced: boolean;
}

/** What is on a disk: LevelDB's log and tables. */
export class StoredRecords {
  readonly #random: SeededRandom;
  /** What the next process finds. */
  #records = new Records();
  /** What a power failure leaves for certain. */
  #synced = new Records();
  /** Written since the last sync, oldest first. */
  #unsynced: Batch[] = [];
  /** What power failures damaged. */
  readonly damaged: DamagedRecord[] = [];

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  get records(): Records {
    return this.#records;
  }

  /** The operating system has it: it survives the process from then on. */
  write(batch: Batch): void {
    this.#records.apply(batch);
    this.#unsynced.push(batch);
  }

  sync(): void {
    for (const batch of this.#unsynced) this.#synced.apply(batch);
    this.#unsynced = [];
  }

  clear(): void {
    this.#replace(new Records());
  }

  /**
   * Of what was not synced, the first writes are on the disk, the next one may be in part, the others are not. A record that
   * was synced may be damaged, too.
   */
  failPower(): void {
    const kept = this.#random.below(this.#unsynced.length + 1);
    const torn = this.#random.fraction() < TORN_SHARE ? this.#unsynced[kept] : undefined;
    this.#records = new Records(this.#synced.values);
    for (const batch of this.#unsynced.slice(0, kept)) this.#records.apply(batch);
    const undamaged = [...this.#records.values].filter(([, value]) => !this.#isDamaged(value));
    if (undamaged.length > 0 && this.#random.fraction() < DAMAGED_SHARE)
      this.#damage([this.#random.pick(undamaged)], true);
    if (torn !== undefined) this.#damage(torn.puts, false);
    this.#replace(this.#records);
  }

  /** Nothing else is on the disk. */
  #replace(records: Records): void {
    this.#records = records;
    this.#synced = new Records(records.values);
    this.#unsynced = [];
  }

  #isDamaged(value: Buffer): boolean {
    const record = value.subarray(CHECKSUM_BYTES);
    return this.damaged.some(({ after }) => after.equals(record));
  }

  #damage(records: Batch['puts'], wasSynced: boolean): void {
    for (const [key, value] of records) {
      const damagedValue = this.#damagedOf(value);
      this.#records.apply({ puts: [[key, damagedValue]], deletions: [] });
      const [before, after] = [value.subarray(CHECKSUM_BYTES), damagedValue.subarray(CHECKSUM_BYTES)];
      this.damaged.push({ before, after, wasSynced });
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
}
