import { type Channel } from 'amqplib';

/** Sorts after the tags of those whose acks it waits for: a letter that it is given goes back after theirs. */
const TAG = 'z-acks-applied';

/**
 * Resolves once the queue has applied every ack that was written to the channel before the call.
 *
 * The channel's process in the broker is the client of the quorum queue. While 32 of its commands are not yet applied it
 * keeps further acks back, and when the channel closes it forgets them (RabbitMQ 3.10.8, `settle` in
 * `rabbit_fifo_client.erl`). Nothing that a client is told shows that, a confirm neither. But to subscribe and to cancel
 * are commands that this process sends and waits for: with the answer to the first, all that was sent before is applied
 * and known to be, so what was kept back is sent; with the answer to the second that is applied, too. A change of the
 * queue's leader in between may still lose some: callers look at what is there afterwards, or expect redeliveries.
 *
 * It waits for as long as the queue has no leader, and after 65 s of that RabbitMQ closes the connection (541).
 * @throws Error if the channel or its connection closes
 */
export async function acksApplied(channel: Channel, queue: string): Promise<void> {
  await channel.prefetch(1);
  await channel.consume(queue, () => undefined, { consumerTag: TAG });
  await channel.cancel(TAG);
}
