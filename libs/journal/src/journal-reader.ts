import { type Clock, delay, type Random, SYSTEM_CLOCK, SYSTEM_RANDOM } from '@pdaltagent/clock';
import { amqplibConnect, type Connect } from '@pdaltagent/messaging';
import { type ConsumeMessage } from 'amqplib';
import { batchIn } from './batch-message';
import { type FactBatch, type FactStream, type ReadFrom, type ReadOptions } from './fact-batch';
import { unavailable } from './journal-unavailable';
import { Sequences } from './sequences';
import { offsetOf } from './stream-bounds';
import { StreamSession } from './stream-session';

const PROGRESS_EVERY_MS = 200;
const MAX_RETRY_MS = 5_000;

export interface JournalReaderOptions {
  readonly url: string;
  readonly connect?: Connect | undefined;
  /** Of its connections. */
  readonly name: string;
  /** Facts that are older are left out. */
  readonly maximumAgeMs: number;
  readonly clock?: Clock | undefined;
  readonly random?: Random | undefined;
}

/** Where a reading is. */
interface Place {
  /** Where to go on after a lost connection. */
  from: ReadFrom;
  readonly sequences: Sequences;
}

/** Reads the stream. Each call of `read` has a connection of its own, which ends with it. */
export class JournalReader implements FactStream {
  readonly #options: JournalReaderOptions;
  readonly #clock: Clock;
  readonly #random: Random;
  #unreadable = 0;

  constructor(options: JournalReaderOptions) {
    this.#options = options;
    this.#clock = options.clock ?? SYSTEM_CLOCK;
    this.#random = options.random ?? SYSTEM_RANDOM;
  }

  /** Lines and messages that could not be read so far, and were skipped. */
  get unreadable(): number {
    return this.#unreadable;
  }

  /** If the stream was deleted and declared again since an offset was stored, reading begins with its oldest batch. */
  async *read(options: ReadOptions): AsyncGenerator<FactBatch, void, void> {
    const { from, follow, signal } = options;
    const place: Place = { from, sequences: new Sequences() };
    let failures = 0;
    for (let hasBegun = false; signal?.aborted !== true;) {
      try {
        const session = await this.#open(place.from);
        if (place.from === 'next') place.from = { offset: session.begin };
        hasBegun = true;
        failures = 0;
        yield* this.#readSession(session, place, options);
        return;
      } catch (error) {
        if (!hasBegun || !follow) throw unavailable(error);
        failures += 1;
        const longest = Math.min(MAX_RETRY_MS, 100 * 2 ** Math.min(failures, 10));
        await delay(this.#clock, longest * (0.5 + this.#random.fraction() / 2), signal).catch(() => undefined);
      }
    }
  }

  #open(from: ReadFrom): Promise<StreamSession> {
    const { url, connect = amqplibConnect([]), name } = this.#options;
    return StreamSession.open({ url, connect, name, clock: this.#clock, from });
  }

  async *#readSession(
    session: StreamSession,
    place: Place,
    { follow, signal, onProgress }: ReadOptions,
  ): AsyncGenerator<FactBatch, void, void> {
    const abort = (): void => session.end();
    signal?.addEventListener('abort', abort, { once: true });
    let reportedAt = this.#clock.monotonic();
    try {
      const { bounds, begin } = session;
      if (signal?.aborted === true) return;
      const isAtTime = typeof place.from === 'object' && 'at' in place.from;
      const hasNone = bounds === undefined || begin > bounds.last || (isAtTime && !session.hasArrived);
      if (!follow && hasNone) return;
      for (;;) {
        const message = await session.next();
        if (message === undefined) return;
        const offset = offsetOf(message);
        place.from = { offset: offset + 1 };
        const batch = this.#batchOf(message, offset, place.sequences);
        if (batch !== undefined) yield batch;
        const isLast = bounds !== undefined && offset >= bounds.last;
        const now = this.#clock.monotonic();
        if (bounds !== undefined && (isLast || now - reportedAt >= PROGRESS_EVERY_MS)) {
          reportedAt = now;
          onProgress?.({ offset, ...bounds });
        }
        if (isLast && !follow) return;
      }
    } finally {
      signal?.removeEventListener('abort', abort);
      await session.close();
    }
  }

  /** Undefined if it was read before, or nothing in it is to be shown. */
  #batchOf(message: ConsumeMessage, offset: number, sequences: Sequences): FactBatch | undefined {
    const read = batchIn({ content: message.content, properties: message.properties }, offset);
    this.#unreadable += read?.unreadable ?? 1;
    if (read === undefined || !sequences.add(read.batch)) return undefined;
    const oldest = this.#clock.wall() - this.#options.maximumAgeMs;
    const { facts } = read.batch;
    if (facts.every(({ at }) => at >= oldest)) return read.batch;
    const recent = facts.filter(({ at }) => at >= oldest);
    return recent.length === 0 ? undefined : { ...read.batch, facts: recent };
  }
}
