import { readEntry } from './record';
import { type PageLimit, type StoredEntry } from './spool-ports';

/** What LevelDB reads in one step; a step is what blocks the event loop. */
export const READ_AHEAD_BYTES = 256 * 1024;

/** Reads entries until the limit is reached, and at least one if there is one. `nameOf` is undefined for those to skip. */
export async function readPage(
  iterator: AsyncIterable<[key: Buffer, value: Buffer]>,
  limit: PageLimit,
  nameOf: (key: Buffer) => { readonly sequence: number; readonly bytes: number } | undefined,
): Promise<StoredEntry[]> {
  const page: StoredEntry[] = [];
  let room = limit.bytes;
  for await (const [key, value] of iterator) {
    const name = nameOf(key);
    if (name === undefined) continue;
    page.push(readEntry(name.sequence, name.bytes, value));
    room -= value.length;
    if (page.length >= limit.entries || room <= 0) break;
  }
  return page;
}
