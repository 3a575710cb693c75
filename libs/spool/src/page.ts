import { type Database } from './disk';
import { type KeyRange, readLaneKey } from './lane-key';
import { batches } from './batches';
import { readEntry } from './record';
import { type PageLimit, type StoredEntry } from './spool-ports';

/** What LevelDB reads in one batch: converting it blocks the event loop. */
export const BATCH_BYTES = 256 * 1024;

/** Reads the entries of a range in order until the limit is reached, and at least one if there is one. */
export async function readPage(
  database: Database,
  range: KeyRange,
  limit: PageLimit,
  isErased: (key: Buffer) => boolean,
): Promise<StoredEntry[]> {
  const page: StoredEntry[] = [];
  let available = limit.bytes;
  const iterator = database.iterator({ ...range, highWaterMarkBytes: Math.min(limit.bytes, BATCH_BYTES) });
  for await (const entries of batches(iterator, () => limit.entries - page.length)) {
    for (const [key, value] of entries) {
      const name = isErased(key) ? undefined : readLaneKey(key);
      if (name === undefined || available <= 0) continue;
      page.push(readEntry(name.sequence, name.bytes, value));
      available -= name.bytes;
    }
    if (page.length >= limit.entries || available <= 0) break;
  }
  return page;
}
