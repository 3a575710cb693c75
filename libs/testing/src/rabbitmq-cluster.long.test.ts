import { connectToBroker } from './connect-to-broker';
import { type ConfirmChannel } from 'amqplib';
import { processesOf } from './processes';
import { type RabbitMQCluster, startRabbitMQCluster } from './rabbitmq-cluster';
import { openRunFolder, type RunFolder } from './run-folder';
import { waitUntil } from './wait-until';

const QUORUM = { durable: true, arguments: { 'x-queue-type': 'quorum' } };

async function channelTo(url: string): Promise<ConfirmChannel> {
  const connection = await connectToBroker(url);
  return connection.createConfirmChannel();
}

/**
 * Publishes until it is confirmed, each time on a new channel: one that first publishes while the queue has no leader is
 * refused everything until the former leader's node is back.
 */
async function publish(url: string, queue: string): Promise<void> {
  await waitUntil(
    async () => {
      const channel = await channelTo(url);
      channel.sendToQueue(queue, Buffer.from('x'), { persistent: true });
      await channel.waitForConfirms();
      return true;
    },
    { what: 'a confirm' },
  );
}

describe('a private cluster', () => {
  let folder: RunFolder;
  let cluster: RabbitMQCluster;

  /** The nodes that a node is connected to. */
  const peersOf = async (node: number): Promise<number> =>
    Number(await cluster.nodes[node]?.control(['eval', 'length(nodes()).']));
  const urlOf = (node: number): string => cluster.nodes[node]?.url ?? '';

  beforeAll(async () => {
    folder = openRunFolder('cluster');
    cluster = await startRabbitMQCluster({ folder: folder.path, partitionHandling: 'pause_minority' });
  });

  afterAll(async () => {
    await cluster.stop();
    folder.remove();
  });

  it('keeps confirmed messages if a node is killed, and uses that node again after its restart', async () => {
    const channel = await channelTo(urlOf(0));
    await channel.assertQueue('kept', QUORUM);
    await publish(urlOf(0), 'kept');
    await cluster.nodes[0]?.kill();
    await publish(urlOf(1), 'kept');
    expect(await (await channelTo(urlOf(1))).get('kept')).not.toBe(false);
    await cluster.nodes[0]?.restart();
    await waitUntil(async () => (await peersOf(0)) === 2, { what: 'the node to join again' });
    expect(await (await channelTo(urlOf(0))).checkQueue('kept')).toMatchObject({ queue: 'kept' });
  });

  it('isolates a node until it is healed: here the node pauses and refuses connections', async () => {
    await cluster.isolate(2);
    await waitUntil(async () => (await peersOf(1)) === 1, { what: 'the other nodes to notice' });
    await waitUntil(
      () =>
        channelTo(urlOf(2)).then(
          () => false,
          () => true,
        ),
      { what: 'the node to pause' },
    );
    await publish(urlOf(0), 'kept');
    await cluster.heal();
    await waitUntil(() => channelTo(urlOf(2)).then(() => true), { what: 'the node to continue' });
    expect(await peersOf(2)).toBe(2);
  });

  it('leaves no process running after a stop', async () => {
    expect(processesOf(folder.path).length).toBeGreaterThan(6);
    await cluster.stop();
    await waitUntil(() => processesOf(folder.path).length === 0, { what: 'its processes to be gone' });
  });
});
