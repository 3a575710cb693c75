import { type Database } from './disk';
import { type LegacyKey, readLegacyKey } from './legacy-key';
import { BATCH_BYTES } from './page';
import { verifiedContent } from './record';
import { batches } from './batches';
import { PURGE_OWED_KEY } from './purge-debt';
import { type LaneCounts } from './stored-lanes';
import { type PageLimit } from './spool-ports';

/** The lane of an entry; undefined if this version does not understand it. */
export type LaneOf = (content: Buffer) => number | undefined;

/** The lane of a damaged entry is unknown: it is returned with this lane, so that it can be quarantined. */
const LANE_OF_DAMAGED_ENTRIES = 0;

const REMOVED = -1;

/** A lane's sequences in order, and their sizes: 16 bytes per entry. */
class LaneIndex {
  readonly #sequences: number[] = [];
  readonly #sizes: number[] = [];
  /** The first that is not removed. */
  #first = 0;
  entries = 0;
  bytes = 0;

  /** Must be called in the order of sequences. */
  add(sequence: number, bytes: number): void {
    this.#sequences.push(sequence);
    this.#sizes.push(bytes);
    this.entries += 1;
    this.bytes += bytes;
  }

  remove(sequence: number, bytes: number): boolean {
    const at = this.#firstAfter(sequence - 1);
    if (this.#sequences[at] !== sequence || this.#sizes[at] !== bytes) return false;
    this.#sizes[at] = REMOVED;
    this.entries -= 1;
    this.bytes -= bytes;
    while (this.#sizes[this.#first] === REMOVED) this.#first += 1;
    return true;
  }

  get oldestSequence(): number | undefined {
    return this.#sequences[this.#first];
  }

  /** The remaining entries after a sequence, in order, up to the limit, but at least one if there is one. */
  page(after: number, limit: PageLimit): LegacyKey[] {
    const names: LegacyKey[] = [];
    let available = limit.bytes;
    let at = Math.max(this.#first, this.#firstAfter(after));
    for (; at < this.#sequences.length && names.length < limit.entries && available > 0; at += 1) {
      const [sequence, bytes] = [this.#sequences[at], this.#sizes[at]];
      if (sequence === undefined || bytes === undefined || bytes === REMOVED) continue;
      names.push({ sequence, bytes });
      available -= bytes;
    }
    return names;
  }

  #firstAfter(sequence: number): number {
    let [low, high] = [0, this.#sequences.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#sequences[middle] ?? Infinity) <= sequence) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

const NOTHING = new LaneIndex();

/** The contents of a folder in the old layout: its keys do not contain the lane, so each record is read once and indexed. */
export class LegacyContents implements LaneCounts {
  readonly #lanes = new Map<number, LaneIndex>();
  entries = 0;
  bytes = 0;
  unrecognized = 0;
  owesPurge = false;

  static async load(database: Database, laneOf: LaneOf): Promise<LegacyContents> {
    const contents = new LegacyContents();
    const add = (key: Buffer, value: Buffer): void => {
      const name = readLegacyKey(key);
      const content = name === undefined ? undefined : verifiedContent(value, name.bytes);
      const lane = content === undefined ? LANE_OF_DAMAGED_ENTRIES : laneOf(content);
      if (name === undefined || lane === undefined) contents.unrecognized += 1;
      else contents.#add(lane, name.sequence, name.bytes);
    };
    for await (const entries of batches(database.iterator({ highWaterMarkBytes: BATCH_BYTES }))) {
      for (const [key, value] of entries) {
        if (key.equals(PURGE_OWED_KEY)) contents.owesPurge = true;
        else add(key, value);
      }
    }
    return contents;
  }

  lane(lane: number): LaneIndex {
    return this.#lanes.get(lane) ?? NOTHING;
  }

  entriesOf(lane: number): number {
    return this.lane(lane).entries;
  }

  bytesOf(lane: number): number {
    return this.lane(lane).bytes;
  }

  /** The lowest sequence of all lanes. */
  get oldestSequence(): number | undefined {
    let oldestSequence: number | undefined;
    for (const lane of this.#lanes.values()) {
      if (lane.oldestSequence !== undefined) oldestSequence = Math.min(oldestSequence ?? Infinity, lane.oldestSequence);
    }
    return oldestSequence;
  }

  remove(key: Buffer): number {
    const name = readLegacyKey(key);
    if (name === undefined) return 0;
    for (const lane of this.#lanes.values()) {
      if (!lane.remove(name.sequence, name.bytes)) continue;
      this.entries -= 1;
      this.bytes -= name.bytes;
      return name.bytes;
    }
    return 0;
  }

  #add(lane: number, sequence: number, bytes: number): void {
    const index = this.#lanes.get(lane) ?? new LaneIndex();
    this.#lanes.set(lane, index);
    index.add(sequence, bytes);
    this.entries += 1;
    this.bytes += bytes;
  }
}
