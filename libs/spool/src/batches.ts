const MAX_BATCH_ENTRIES = 10_000;

interface BatchIterator<T> {
  nextv(size: number): Promise<T[]>;
  close(): Promise<void>;
}

/**
 * Goes through a LevelDB iterator in steps, as large as its `highWaterMarkBytes`, and closes it. Converting a step blocks the
 * event loop; between them other work goes on. One by one, as its own async iteration does, takes several times as long.
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
