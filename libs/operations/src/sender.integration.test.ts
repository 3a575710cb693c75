import { declareTopology, EVENTS } from '@pdaltagent/messaging';
import { connectToBroker, openRunFolder, type RabbitMQ, type RunFolder, startRabbitMQ } from '@pdaltagent/testing';
import { BrokerClient } from './broker-client';
import { Sender } from './sender';

const DEFAULT_MAX_BYTES = 128 * 1024 * 1024;
const MAX_BYTES = 10_000;

let folder: RunFolder;
let broker: RabbitMQ;

beforeAll(async () => {
  folder = openRunFolder('sender');
  // Its own broker, because the maximum size applies to all virtual hosts.
  broker = await startRabbitMQ({ folder: folder.path });
  const connection = await connectToBroker(broker.url);
  await declareTopology(connection, EVENTS, 'quorum');
  await connection.close();
});
afterAll(async () => {
  await broker.stop();
  folder.remove();
});

it('a message over the limit is reported to a command as too large, not as an unreachable broker', async () => {
  await broker.setMaxMessageSize(MAX_BYTES);
  try {
    const client = await BrokerClient.open({ url: broker.url, name: 'test' });
    const sender = await Sender.open(client);
    const body = Buffer.alloc(2 * MAX_BYTES, 'x');
    const sent = sender.send('', EVENTS.deadLetters, body, { messageId: 'large' });
    await expect(sent).rejects.toMatchObject({ code: 'too-large' });
    await client.close();
  } finally {
    await broker.setMaxMessageSize(DEFAULT_MAX_BYTES);
  }
});

it('a message that AMQP cannot encode is reported to a command as such, not as an unreachable broker', async () => {
  const client = await BrokerClient.open({ url: broker.url, name: 'test' });
  const sender = await Sender.open(client);
  const properties = { messageId: 'long', contentType: 'x'.repeat(300) };
  await expect(sender.send('', EVENTS.deadLetters, Buffer.from('{}'), properties)).rejects.toMatchObject({
    code: 'unencodable',
  });
  // The channel remains usable.
  await sender.send('', EVENTS.deadLetters, Buffer.from('{}'), { messageId: 'short' });
  await client.close();
});
