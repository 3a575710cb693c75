import { type Fact, type FactSource, type UnknownFact } from './fact';

/** A message of the stream: the facts that a process published together, in the order in which they happened. */
export interface FactBatch {
  /** Its place in the stream; offsets rise, with holes. */
  readonly offset: number;
  readonly source: FactSource;
  /** Counts the batches of its process, from 0: one that is missing was lost. The same batch may arrive twice. */
  readonly sequence: number;
  readonly facts: readonly (Fact | UnknownFact)[];
}

/** Where to begin: with the oldest batch, with what is published from now on, at an offset, or at a time. */
export type ReadFrom = 'first' | 'next' | { readonly offset: number } | { readonly at: number };

export interface ReadOptions {
  readonly from: ReadFrom;
  /** Go on with what is published later, until the signal aborts; otherwise it ends with the last batch that was there when it began. */
  readonly follow: boolean;
  readonly signal?: AbortSignal;
  /** Called now and then, with the offset of the last batch that was read, and of the first and last that there were at the beginning. */
  readonly onProgress?: (progress: ReadProgress) => void;
}

export interface ReadProgress {
  readonly offset: number;
  readonly first: number;
  readonly last: number;
}

/** The stream, as readers see it. Facts that are too old are not in it, although the stream may still have them. */
export interface FactStream {
  /** @throws JournalUnavailable if the broker is unreachable, has no stream, or the user may not read it */
  read(options: ReadOptions): AsyncIterable<FactBatch>;
}
