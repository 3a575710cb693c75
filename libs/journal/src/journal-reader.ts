import { type Clock } from '@pdaltagent/clock';
import { type Connect } from '@pdaltagent/messaging';
import { type FactBatch, type FactStream, type ReadOptions } from './fact-batch';

export interface JournalReaderOptions {
  readonly url: string;
  readonly connect?: Connect | undefined;
  /** Of its connections. */
  readonly name: string;
  /** Facts that are older are left out. */
  readonly maximumAgeMs: number;
  readonly clock?: Clock | undefined;
}

/** Why the journal cannot be read, in words for an operator. */
export class JournalUnavailable extends Error {
  override readonly name = 'JournalUnavailable';
}

/** Reads the stream. Each call of `read` has a connection of its own, which ends with it. */
export class JournalReader implements FactStream {
  readonly #options: JournalReaderOptions;

  constructor(options: JournalReaderOptions) {
    this.#options = options;
  }

  /** Lines and messages that could not be read so far; they are skipped. */
  get unreadable(): number {
    return 0;
  }

  async *read(options: ReadOptions): AsyncIterable<FactBatch> {
    await Promise.resolve([this.#options, options]);
    throw new JournalUnavailable('not there');
    yield* [];
  }
}
