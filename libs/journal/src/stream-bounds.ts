import { type Clock, delay } from '@pdaltagent/clock';
import { JOURNAL, replyTo } from '@pdaltagent/messaging';
import { type Channel, type ChannelModel, type ConsumeMessage } from 'amqplib';

/** How long a stream that has messages, as RabbitMQ counts them, may take to deliver one. */
const DELIVERY_TIMEOUT_MS = 10_000;
const CHECK_MS = 20;

/** Offsets of the oldest and the newest message. */
export interface StreamBounds {
  readonly first: number;
  readonly last: number;
}

/** The offset of a message of a stream. */
export function offsetOf({ properties }: ConsumeMessage): number {
  const offset: unknown = properties.headers?.['x-stream-offset'];
  return typeof offset === 'number' ? offset : -1;
}

/**
 * Asks for the oldest and the newest message: AMQP has no other way to learn where a stream ends, and RabbitMQ's count of its messages is
 * some seconds old. With a prefetch of 1 the newest chunk arrives as a whole, and nothing after it.
 * @returns undefined if the stream is empty
 * @throws Error if there is no stream, or the user may not read it
 */
export async function boundsOf(connection: ChannelModel, clock: Clock): Promise<StreamBounds | undefined> {
  const channel = await openChannel(connection, clock, 1);
  try {
    let first: number | undefined;
    let last: number | undefined;
    await consumeFrom(channel, 'first', clock, (offset) => (first = Math.min(first ?? offset, offset)));
    await consumeFrom(channel, 'last', clock, (offset) => (last = Math.max(last ?? offset, offset)));
    await arrival(channel, clock);
    const { messageCount } = await replyTo(channel.checkQueue(JOURNAL), { request: 'queue.declare', clock });
    const deadline = clock.monotonic() + (messageCount > 0 ? DELIVERY_TIMEOUT_MS : 0);
    while ((first === undefined || last === undefined) && clock.monotonic() < deadline) await delay(clock, CHECK_MS);
    // The rest of the chunk.
    await replyTo(channel.checkQueue(JOURNAL), { request: 'queue.declare', clock });
    return first === undefined || last === undefined ? undefined : { first, last };
  } finally {
    channel.close().catch(() => undefined);
  }
}

export async function openChannel(connection: ChannelModel, clock: Clock, prefetch: number): Promise<Channel> {
  const channel = await replyTo(connection.createChannel(), { request: 'channel.open', clock });
  channel.on('error', () => undefined);
  await replyTo(channel.prefetch(prefetch), { request: 'basic.qos', clock });
  return channel;
}

/**
 * Resolves once the messages that the consumers of this channel get at first have arrived. RabbitMQ (3.10, `rabbit_stream_queue.erl`)
 * answers the request for a consumer first and then registers it with the process that writes the stream, which tells the channel that
 * there is something to read. A further consumer asks that process something and waits for the answer: after the second one, what it told
 * the channel before has been read.
 */
export async function arrival(channel: Channel, clock: Clock): Promise<void> {
  for (let round = 0; round < 2; round += 1) {
    const consumerTag = await consumeFrom(channel, 'next', clock, () => undefined);
    await replyTo(channel.cancel(consumerTag), { request: 'basic.cancel', clock });
  }
}

async function consumeFrom(
  channel: Channel,
  from: 'first' | 'last' | 'next',
  clock: Clock,
  onOffset: (offset: number) => void,
): Promise<string> {
  const options = { arguments: { 'x-stream-offset': from } };
  const consuming = channel.consume(JOURNAL, (message) => message !== null && onOffset(offsetOf(message)), options);
  const { consumerTag } = await replyTo(Promise.resolve(consuming), { request: 'basic.consume', clock });
  return consumerTag;
}
