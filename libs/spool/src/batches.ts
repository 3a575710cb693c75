const MOST_IN_STEP = 10_000;

interface SteppedIterator<T> {
  nextv(size: number): Promise<T[]>;
  close(): Promise<void>;
}

/**
 * Goes through a LevelDB iterator in steps, as large as its `highWaterMarkBytes`, and closes it. Converting a step blocks the
 * event loop; between them other work goes on. One by one, as its own async iteration does, takes several times as long.
 */
export async function* steps<T>(iterator: SteppedIterator<T>, most = () => MOST_IN_STEP): AsyncGenerator<T[]> {
  try {
    for (;;) {
      const step = await iterator.nextv(most());
      if (step.length === 0) return;
      yield step;
    }
  } finally {
    await iterator.close();
  }
}
