import { type Channel } from 'amqplib';

/** Sorts after the tags of the consumers whose acks it waits for: a message delivered to it is requeued after theirs. */
const TAG = 'z-acks-applied';

/**
 * Resolves once the queue has applied every ack that was written to the channel before the call.
 *
 * The channel's process in the broker is the client of the quorum queue. While 32 of its commands are not yet applied
 * it holds further acks back, and when the channel closes it drops them (RabbitMQ 3.10.8, `settle` in
 * `rabbit_fifo_client.erl`). Nothing that the client receives reveals this, not even a confirm. But subscribing and
 * cancelling are commands that this process sends and waits for: once the first is answered, everything sent before
 * it is applied and known to be, so the acks held back are sent; once the second is answered, those are applied as
 * well. A change of the queue's leader in between may still lose some: callers check the queue afterwards, or expect
 * redeliveries.
 *
 * It waits while the queue has no leader; after 65 s of that RabbitMQ closes the connection (541): only for connections that serve nothing
 * else.
 * @throws Error if the channel or its connection closes
 */
export async function acksApplied(channel: Channel, queue: string): Promise<void> {
  await channel.prefetch(1);
  await channel.consume(queue, () => undefined, { consumerTag: TAG });
  await channel.cancel(TAG);
}
