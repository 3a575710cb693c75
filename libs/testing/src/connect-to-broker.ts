import { type ChannelModel, connect } from 'amqplib';

/**
 * A test's own connection to a broker. Its loss fails what the test does with it, and nothing else: amqplib throws an error that
 * nobody listens to, in whichever test file its process runs by then, and again every minute. Without heartbeats, so that a test
 * may suspend the broker, or keep its own event loop busy.
 * @throws Error if the broker is unreachable or refuses the connection
 */
export async function connectToBroker(url: string): Promise<ChannelModel> {
  const target = new URL(url);
  if (!target.searchParams.has('heartbeat')) target.searchParams.set('heartbeat', '0');
  const connection = await connect(target.href);
  connection.on('error', () => undefined);
  return connection;
}
