import { type Database } from './database';
import { MOST_LANES, readLaneKey } from './lane-key';
import { type Contents } from './spool-folder';

/** How many entries each lane has, and their size. */
export class LaneContents implements Contents {
  readonly #entries = new Float64Array(MOST_LANES);
  readonly #bytes = new Float64Array(MOST_LANES);
  entries = 0;
  bytes = 0;
  /** The highest sequence; 0 if there was none. */
  last = 0;
  unrecognized = 0;

  /** Counts what is in a database; reads keys only. */
  static async load(database: Database): Promise<LaneContents> {
    const contents = new LaneContents();
    for await (const key of database.keys()) {
      const name = readLaneKey(key);
      if (name === undefined) {
        contents.unrecognized += 1;
        continue;
      }
      contents.add(name.lane, name.bytes);
      contents.last = Math.max(contents.last, name.sequence);
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

  #change(lane: number, entries: number, bytes: number): void {
    this.#entries[lane] = this.entriesOf(lane) + entries;
    this.#bytes[lane] = this.bytesOf(lane) + bytes;
    this.entries += entries;
    this.bytes += bytes;
  }
}
