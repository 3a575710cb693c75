import { type Database } from './database';
import { keyOf, seal } from './record';
import { type SpoolFailure } from './spool-ports';

/** An entry on its way to the disk. */
export interface Writing {
  readonly sequence: number;
  readonly content: Buffer;
  readonly settle: (failure: SpoolFailure | undefined) => void;
}

const BATCH_BYTES = 4 * 1024 * 1024;
const BATCH_ENTRIES = 2_000;

/** Takes off the list what is synced together: the oldest, and at least one. */
export function takeBatch(writing: Writing[]): Writing[] {
  let bytes = 0;
  let count = 0;
  for (const { content } of writing) {
    if (count > 0 && (bytes + content.length > BATCH_BYTES || count >= BATCH_ENTRIES)) break;
    bytes += content.length;
    count += 1;
  }
  return writing.splice(0, count);
}

/** Erases entries (sequence and size) and writes others, all or none of them; synced where something is written. */
export async function writeBatch(
  database: Database,
  erased: readonly (readonly [sequence: number, bytes: number])[],
  batch: readonly Writing[],
): Promise<void> {
  await database.batch(
    [
      ...erased.map(([sequence, bytes]) => ({ type: 'del' as const, key: keyOf(sequence, bytes) })),
      ...batch.map(({ sequence, content }) => ({
        type: 'put' as const,
        key: keyOf(sequence, content.length),
        value: seal(content),
      })),
    ],
    { sync: batch.length > 0 },
  );
}
