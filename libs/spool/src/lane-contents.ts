import { type Database } from './disk';
import { MAX_LANES, readLaneKey } from './lane-key';
import { batches } from './batches';
import { PURGE_OWED_KEY } from './purge-debt';
import { type LaneCounts } from './stored-lanes';

/** What LevelDB reads in one batch: about 5,000 keys. */
const BATCH_BYTES = 64 * 1024;

/** The number of entries of each lane, and their size. */
export class LaneContents implements LaneCounts {
  readonly #entries = new Float64Array(MAX_LANES);
  readonly #bytes = new Float64Array(MAX_LANES);
  entries = 0;
  bytes = 0;
  /** The highest sequence; 0 if there were no entries. */
  lastSequence = 0;
  unrecognized = 0;
  owesPurge = false;

  /** Counts the entries of a database; reads keys only. */
  static async load(database: Database): Promise<LaneContents> {
    const contents = new LaneContents();
    for await (const keys of batches(database.keys({ highWaterMarkBytes: BATCH_BYTES }))) {
      for (const key of keys) contents.#count(key);
    }
    return contents;
  }

  entriesOf(lane: number): number {
    return this.#entries[lane] ?? 0;
  }

  bytesOf(lane: number): number {
    return this.#bytes[lane] ?? 0;
  }

  add(lane: number, bytes: number): void {
    this.#change(lane, 1, bytes);
  }

  remove(key: Buffer): number {
    const name = readLaneKey(key);
    if (name === undefined) return 0;
    this.#change(name.lane, -1, -name.bytes);
    return name.bytes;
  }

  #count(key: Buffer): void {
    if (key.equals(PURGE_OWED_KEY)) {
      this.owesPurge = true;
      return;
    }
    const name = readLaneKey(key);
    if (name === undefined) {
      this.unrecognized += 1;
      return;
    }
    this.add(name.lane, name.bytes);
    this.lastSequence = Math.max(this.lastSequence, name.sequence);
  }

  #change(lane: number, entries: number, bytes: number): void {
    this.#entries[lane] = this.entriesOf(lane) + entries;
    this.#bytes[lane] = this.bytesOf(lane) + bytes;
    this.entries += entries;
    this.bytes += bytes;
  }
}
