import { SYSTEM_CLOCK } from '@pdaltagent/clock';
import { type ChannelModel } from 'amqplib';
import { connectWithAmqplib } from './connect';
import { type LaneWorkerOptions } from './lane-worker-options';
import { replyTo } from './reply-timeout';

/** How long a queue may take to reply before it counts as unavailable, and a connection to close. */
const REPLY_WITHIN_MS = 5_000;

type ConnectionOptions = Pick<LaneWorkerOptions, 'url' | 'name' | 'connect' | 'clock'>;

/**
 * Which of the queues reply to a subscription: a command that only the queue's leader can answer, and only with a majority of
 * its members. Passive declarations prove nothing: a leader without a majority goes on reporting its last count.
 *
 * Subscribing to a queue that does not reply closes the connection after 65 s (541), so it needs one of its own.
 * The subscription waits while another consumer is the single active one. It ends with its channel, not with
 * `basic.cancel`: what it may have been delivered is requeued before the next consumer becomes active.
 * @throws Error if the broker is unreachable
 */
export async function answeringQueues(
  queues: readonly string[],
  { url, name, connect = connectWithAmqplib, clock = SYSTEM_CLOCK }: ConnectionOptions,
): Promise<ReadonlySet<string>> {
  const { connection, reset } = await connect(url, `${name} checking`);
  // Without a listener it would end the process; the channels report it.
  connection.on('error', () => undefined);
  const answering = new Set<string>();
  const ask = async (queue: string): Promise<void> => {
    const asked = subscribeOnce(connection, queue);
    await replyTo(asked, { request: 'basic.consume', clock, timeoutMs: REPLY_WITHIN_MS }).then(
      () => answering.add(queue),
      () => undefined,
    );
  };
  await Promise.all(queues.map(ask));
  const closed = connection.close();
  await replyTo(closed, { request: 'connection.close', clock, timeoutMs: REPLY_WITHIN_MS }).catch(reset);
  return answering;
}

async function subscribeOnce(connection: ChannelModel, queue: string): Promise<void> {
  const channel = await connection.createChannel();
  channel.on('error', () => undefined);
  await channel.prefetch(1);
  await channel.consume(queue, () => undefined);
  await channel.close();
}
