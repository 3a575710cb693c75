import { type FactBatch, type FactStream, type ReadOptions } from '@pdaltagent/journal';
import { localFolder } from '@pdaltagent/testing';
import { buildSync } from 'esbuild';
import { once } from 'node:events';
import path from 'node:path';

/** Bundles what the thread runs, inside of the clone, where the native code is found. */
export function buildHistoryWorker(): string {
  const outfile = path.join(localFolder(), 'history-test', `${process.pid}`, 'history-worker.js');
  buildSync({
    entryPoints: [path.join(__dirname, 'history-worker.fixture.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    logLevel: 'error',
  });
  return outfile;
}

/** A stream of arrays. Who asks for an offset far behind its end begins with the oldest, as `JournalReader` has it. */
export class FakeStream implements FactStream {
  batches: readonly FactBatch[];
  /** Fails the next times that it is read. */
  failures = 0;

  constructor(batches: readonly FactBatch[]) {
    this.batches = batches;
  }

  async *read({ from, follow, signal, onProgress }: ReadOptions): AsyncGenerator<FactBatch, void, void> {
    if (this.failures > 0) {
      this.failures -= 1;
      throw new Error('the broker is unreachable');
    }
    const all = this.batches;
    const [first, last] = [all[0]?.offset, all.at(-1)?.offset];
    const wanted = typeof from === 'object' && 'offset' in from ? from.offset : 0;
    const start = last !== undefined && wanted > last + 1 ? 0 : wanted;
    for (const batch of all) {
      if (batch.offset < start) continue;
      if (signal?.aborted === true) return;
      yield batch;
      if (first !== undefined && last !== undefined) onProgress?.({ offset: batch.offset, first, last });
    }
    if (follow && signal?.aborted === false) await once(signal, 'abort');
  }
}
