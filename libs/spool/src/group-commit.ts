import { type Database } from './disk';
import { withChecksum } from './record';
import { type SpoolFailure } from './spool-ports';

/** An entry that is waiting to be written. */
export interface PendingWrite {
  readonly key: Buffer;
  readonly content: Buffer;
  readonly settle: (failure: SpoolFailure | undefined) => void;
}

const GROUP_BYTES = 4 * 1024 * 1024;
const GROUP_ENTRIES = 2_000;

/** Removes the oldest writes from the list that fit in one group, at least one. They are synced together. */
export function takeGroup(writes: PendingWrite[]): PendingWrite[] {
  let bytes = 0;
  let count = 0;
  for (const { content } of writes) {
    if (count > 0 && (bytes + content.length > GROUP_BYTES || count >= GROUP_ENTRIES)) break;
    bytes += content.length;
    count += 1;
  }
  return writes.splice(0, count);
}

/** Erases entries (keys as latin1) and writes others, atomically. */
export function writeGroup(
  database: Database,
  erased: ReadonlySet<string>,
  group: readonly PendingWrite[],
  options: { readonly sync: boolean },
): Promise<void> {
  // A chained batch takes a tenth of the time of an array batch, which copies each operation.
  const batch = database.batch();
  for (const name of erased) batch.del(Buffer.from(name, 'latin1'));
  for (const { key, content } of group) batch.put(key, withChecksum(content));
  return batch.write(options);
}
