import { type Database } from './database';
import { readKey } from './record';

/** Counts the entries of a database, but for some; reads keys only. `last` is the highest sequence, 0 where there is none. */
export async function countEntries(database: Database, isLeftOut: (sequence: number) => boolean) {
  const counted = { entries: 0, bytes: 0, last: 0 };
  for await (const key of database.keys()) {
    const name = readKey(key);
    if (name === undefined || isLeftOut(name.sequence)) continue;
    counted.entries += 1;
    counted.bytes += name.bytes;
    counted.last = Math.max(counted.last, name.sequence);
  }
  return counted;
}
