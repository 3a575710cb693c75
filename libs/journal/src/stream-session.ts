import { type Clock, delay } from '@pdaltagent/clock';
import { type Connect, JOURNAL, replyTo } from '@pdaltagent/messaging';
import { type Channel, type ChannelModel, type ConsumeMessage } from 'amqplib';
import { type ReadFrom } from './fact-batch';
import { arrival, boundsOf, offsetOf, openChannel, type StreamBounds } from './stream-bounds';

/** Messages that were sent and are not read yet; RabbitMQ exceeds it by a chunk. */
const PREFETCH = 64;
/** A replica of the stream may lag behind the one that was read before. */
const LAG_MS = 2_000;
const CLOSE_TIMEOUT_MS = 1_000;

export interface SessionOptions {
  readonly url: string;
  readonly connect: Connect;
  readonly name: string;
  readonly clock: Clock;
  readonly from: ReadFrom;
}

/** One connection that reads the stream from a place on. */
export class StreamSession {
  readonly #connection: ChannelModel;
  readonly #clock: Clock;
  readonly #arrived: ConsumeMessage[] = [];
  #channel: Channel | undefined;
  #bounds: StreamBounds | undefined;
  #begin = 0;
  #ended: { readonly error: Error | undefined } | undefined;
  #wake: () => void = () => undefined;

  private constructor(connection: ChannelModel, clock: Clock) {
    this.#connection = connection;
    this.#clock = clock;
    let cause: Error | undefined;
    connection.on('error', (error: Error) => (cause = error));
    connection.once('close', () => this.end(cause ?? new Error('the connection was closed')));
  }

  /** @throws Error if the broker is unreachable, has no stream, or the user may not read it */
  static async open({ url, connect, name, clock, from }: SessionOptions): Promise<StreamSession> {
    const { connection } = await connect(url, name);
    const session = new StreamSession(connection, clock);
    try {
      await session.#start(from);
      return session;
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  /** What the stream had when this began; undefined: nothing. */
  get bounds(): StreamBounds | undefined {
    return this.#bounds;
  }

  /** The offset from which on messages are wanted. If they are wanted from a time on, it is not known: 0. */
  get begin(): number {
    return this.#begin;
  }

  /** Whether a message has arrived and is not read yet. */
  get hasArrived(): boolean {
    return this.#arrived.length > 0;
  }

  /** The next message; undefined after the end. @throws Error if it ended with one */
  async next(): Promise<ConsumeMessage | undefined> {
    for (;;) {
      const message = this.#ended !== undefined && this.#ended.error === undefined ? undefined : this.#arrived.shift();
      if (message !== undefined) {
        this.#acknowledge(message);
        return message;
      }
      if (this.#ended?.error !== undefined) throw this.#ended.error;
      if (this.#ended !== undefined) return undefined;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** Ends what waits for a message: after those that have arrived, if there is an error. */
  end(error?: Error): void {
    this.#ended ??= { error };
    this.#wake();
  }

  async close(): Promise<void> {
    this.end();
    const options = { request: 'connection.close', clock: this.#clock, timeoutMs: CLOSE_TIMEOUT_MS };
    // It may be closed already: then it throws, or rejects.
    const closed = Promise.resolve().then(() => this.#connection.close());
    closed.catch(() => undefined);
    await replyTo(closed, options).catch(() => undefined);
  }

  async #start(from: ReadFrom): Promise<void> {
    const clock = this.#clock;
    const wanted = typeof from === 'object' && 'offset' in from ? from.offset : 0;
    this.#bounds = await boundsOf(this.#connection, clock);
    if (wanted > endOf(this.#bounds)) {
      await delay(clock, LAG_MS);
      this.#bounds = await boundsOf(this.#connection, clock);
    }
    const end = endOf(this.#bounds);
    // If the stream is shorter than it was, it is another one: all of it is new.
    this.#begin = from === 'next' ? end : wanted > end ? 0 : wanted;
    const channel = await openChannel(this.#connection, clock, PREFETCH);
    this.#channel = channel;
    channel.once('close', () => this.end(new Error('the channel was closed')));
    const isAtTime = typeof from === 'object' && 'at' in from;
    const offset = isAtTime ? { '!': 'timestamp', value: Math.floor(from.at / 1_000) } : this.#begin;
    const consuming = channel.consume(JOURNAL, (message) => this.#receive(message), {
      arguments: { 'x-stream-offset': this.#begin === 0 && !isAtTime ? 'first' : offset },
    });
    await replyTo(Promise.resolve(consuming), { request: 'basic.consume', clock });
    // Otherwise nobody knows whether there is anything from that time on.
    if (isAtTime) await arrival(channel, clock);
  }

  #receive(message: ConsumeMessage | null): void {
    if (message === null) return this.end(new Error('the stream was deleted'));
    if (offsetOf(message) >= this.#begin) this.#arrived.push(message);
    else this.#acknowledge(message);
    this.#wake();
  }

  #acknowledge(message: ConsumeMessage): void {
    try {
      this.#channel?.ack(message);
    } catch {
      // The channel has ended, which is noticed otherwise.
    }
  }
}

/** The offset of the next message that is published. */
function endOf(bounds: StreamBounds | undefined): number {
  return bounds === undefined ? 0 : bounds.last + 1;
}
