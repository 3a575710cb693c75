const MAX_BATCH_ENTRIES = 10_000;

interface BatchIterator<T> {
  nextv(size: number): Promise<T[]>;
  close(): Promise<void>;
}

/**
 * Reads a LevelDB iterator in batches of its `highWaterMarkBytes`, and closes it. Converting a batch blocks the event loop;
 * other work runs between batches. Its own async iteration, one entry at a time, takes several times as long.
 */
export async function* batches<T>(iterator: BatchIterator<T>, most = () => MAX_BATCH_ENTRIES): AsyncGenerator<T[]> {
  try {
    for (;;) {
      const batch = await iterator.nextv(most());
      if (batch.length === 0) return;
      yield batch;
    }
  } finally {
    await iterator.close();
  }
}
