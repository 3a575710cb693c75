import { type ScrubSettings } from '@pdaltagent/service';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { pool } from 'workerpool';
import { BytePool } from './byte-pool';
import { type ScrubbableParts } from './ports';
import { refusals, type Refused } from './refusal';
import { lengthOf, type ScrubResult } from './scrub-parts';
import { type Scrubbing, type TimeLimit } from './scrub-worker';

/** Requests that may wait or be scrubbed concurrently, in bytes: a few seconds' worth of the worst ones. */
const MAXIMUM_BYTES = 8 * 1024 * 1024;
/** Each takes 30 to 60 MB. */
const MAXIMUM_THREADS = 2;
/** The scrubber's own limit is 2 s. If a single text takes longer than this, its thread is ended; milliseconds. */
const TERMINATE_AFTER_MS = 10_000;

const NOT_SCRUBBED = refusals.unavailable('Event could not be scrubbed');

export interface ScrubThreadsOptions {
  readonly settings: ScrubSettings;
  readonly onTerminated: () => void;
  /** Default: next to the service's own bundle. */
  readonly script?: string | undefined;
  readonly terminateAfterMs?: number | undefined;
}

/**
 * Threads that scrub large requests, so that these do not delay others. One core is left for the event loop. The threads start with
 * the first request that needs them.
 */
export class ScrubThreads {
  readonly #options: ScrubThreadsOptions;
  readonly #threads;
  readonly #bytes = new BytePool(MAXIMUM_BYTES);
  #isStopped = false;

  constructor(options: ScrubThreadsOptions) {
    this.#options = options;
    this.#threads = pool(options.script ?? path.join(__dirname, 'scrub-worker.js'), {
      workerType: 'thread',
      maxWorkers: Math.min(MAXIMUM_THREADS, Math.max(1, availableParallelism() - 1)),
      workerTerminateTimeout: 100,
    });
  }

  /** @param sender whose share of the waiting bytes it uses */
  async scrub(parts: ScrubbableParts, sender: string): Promise<ScrubResult | Refused> {
    const length = lengthOf(parts);
    if (this.#bytes.shortageFor(sender, length) !== undefined) return refusals.scrubbingOverload();
    this.#bytes.add(sender, length);
    try {
      return await this.#scrubIn(parts, undefined);
    } catch {
      if (this.#isStopped) return NOT_SCRUBBED;
      // A slow rule, or a thread without memory. The second attempt scans nothing but the dedup key.
      this.#options.onTerminated();
      return await this.#scrubIn(parts, 0).catch(() => NOT_SCRUBBED);
    } finally {
      this.#bytes.add(sender, -length);
    }
  }

  /** Requests that are being scrubbed are refused. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#threads.terminate(true);
  }

  async #scrubIn(parts: ScrubbableParts, limit: TimeLimit): Promise<ScrubResult> {
    const { settings, terminateAfterMs = TERMINATE_AFTER_MS } = this.#options;
    const result = await this.#threads.exec<Scrubbing>('scrub', [settings, parts, limit]).timeout(terminateAfterMs);
    const { body } = result.parts;
    return { ...result, parts: { ...result.parts, body: Buffer.from(body.buffer, body.byteOffset, body.length) } };
  }
}
