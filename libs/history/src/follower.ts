import { type Clock, delay } from '@pdaltagent/clock';
import { type FactBatch, type FactStream, type ReadFrom, type ReadProgress } from '@pdaltagent/journal';
import { type HoleReason } from './answers';
import { BatchQueue } from './batch-queue';
import { continuationOf } from './continuation';
import { type IndexClient } from './index-client';
import { type Position } from './meta';
import { type IndexStatus } from './requests';

export interface HistoryLog {
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

/** How far the index is. */
export interface HistoryProgress {
  /** Of the last batch in the index; undefined if it is empty. */
  readonly offset: number | undefined;
  /** Of the first and last batch that the stream had when reading began; undefined before that. */
  readonly stream: { readonly first: number; readonly last: number } | undefined;
  /** The index has what was in the stream when reading began; or another process keeps it up to date. */
  readonly isCaughtUp: boolean;
  /** Why it does not go on at present. */
  readonly problem: string | undefined;
}

export interface FollowerOptions {
  readonly client: IndexClient;
  readonly stream: FactStream;
  readonly log: HistoryLog;
  readonly clock: Clock;
  readonly maximumAgeMs: number;
  readonly follow: boolean;
  readonly signal: AbortSignal;
  readonly onStatus: (status: IndexStatus) => void;
  readonly onProgress: (change: Partial<HistoryProgress>) => void;
}

const RETRY_MS = 5_000;

/** Reads the stream into the index. */
export class Follower {
  readonly #options: FollowerOptions;
  /** Facts are missing between this time and the next batch. */
  #hole: { readonly reason: HoleReason; readonly since: number } | undefined;

  constructor(options: FollowerOptions) {
    this.#options = options;
  }

  /**
   * Resolves at the end of the stream, or once it is stopped. If it is to follow the stream, it tries again whenever that cannot be read.
   * @throws HistoryError if the index cannot be written; JournalUnavailable if the stream cannot be read and is not to be followed
   */
  async run(): Promise<void> {
    const { client, follow, signal, clock, log, onProgress } = this.#options;
    for (;;) {
      try {
        await this.#readAll();
        if (!follow) return;
      } catch (error) {
        if (signal.aborted) return;
        if (client.hasEnded || !follow) throw error;
        const problem = error instanceof Error ? error.message : String(error);
        log.warn('the journal could not be read into the index', { problem });
        onProgress({ problem });
      }
      if (signal.aborted) return;
      await delay(clock, RETRY_MS, signal).catch(() => undefined);
    }
  }

  async #readAll(): Promise<void> {
    const { client, signal, onStatus, onProgress } = this.#options;
    const status = await client.ask('status', undefined);
    onStatus(status);
    if (!status.isWriter) {
      onProgress({ isCaughtUp: true, problem: undefined });
      return;
    }
    await this.#readFrom(status.position);
    if (!signal.aborted) onProgress({ isCaughtUp: true, problem: undefined });
  }

  async #readFrom(position: Position | undefined): Promise<void> {
    const from = position === undefined ? 'first' : { offset: position.offset };
    let found = await this.#read(from, position);
    // Of a stream that was made again, this place may be just behind the end.
    if (found === 'nothing' && position !== undefined) found = await this.#read('first', position);
    if (found !== 'another stream') return;
    this.#options.log.warn(
      'the stream of the journal was deleted and made again: what it had before is in the index as far as it was read',
    );
    await this.#read('first', undefined);
  }

  /** @param expected what the index ends with: it should be the first batch that is read */
  async #read(from: ReadFrom, expected: Position | undefined): Promise<'facts' | 'nothing' | 'another stream'> {
    const { stream, follow, signal, onProgress } = this.#options;
    const reading = new AbortController();
    const queue = new BatchQueue((batches) => this.#write(batches));
    let awaited = expected;
    let hasRead = false;
    let isOther = false;
    const observe = ({ offset, first, last }: ReadProgress): void => {
      onProgress({ stream: { first, last }, problem: undefined });
      if (offset >= last)
        void queue.flush().then(
          () => onProgress({ isCaughtUp: true }),
          () => undefined,
        );
      if (awaited === undefined || last >= awaited.offset) return;
      isOther = true;
      reading.abort();
    };
    const batches = stream.read({
      from,
      follow,
      signal: AbortSignal.any([signal, reading.signal]),
      onProgress: observe,
    });
    try {
      for await (const batch of batches) {
        isOther ||= awaited !== undefined && this.#compare(awaited, batch) === 'recreated';
        if (isOther) break;
        awaited = undefined;
        hasRead = true;
        await this.#markHole(batch);
        await queue.add(batch);
      }
    } catch (error) {
      if (!isOther) throw error;
    }
    if (isOther) {
      this.#hole = expected && { reason: 'recreated', since: expected.at };
      return 'another stream';
    }
    await queue.flush();
    return hasRead || signal.aborted ? 'facts' : 'nothing';
  }

  #compare(position: Position, batch: FactBatch): string {
    const continuation = continuationOf(position, batch);
    if (continuation === 'dropped') {
      this.#hole = { reason: continuation, since: position.at };
      this.#options.log.warn('the stream of the journal has dropped facts before they were read into the index');
    }
    return continuation;
  }

  async #markHole({ facts }: FactBatch): Promise<void> {
    if (this.#hole === undefined) return;
    const { reason, since } = this.#hole;
    await this.#options.client.ask('addHole', { reason, since, until: facts[0]?.at ?? since });
    this.#hole = undefined;
  }

  async #write(batches: readonly FactBatch[]): Promise<void> {
    const { client, clock, maximumAgeMs, onStatus } = this.#options;
    onStatus(await client.ask('write', { batches, oldest: clock.wall() - maximumAgeMs }));
  }
}
