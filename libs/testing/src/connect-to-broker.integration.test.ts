import { connectToBroker } from './connect-to-broker';
import { FaultProxy } from './fault-proxy';
import { testServers } from './test-servers';

it('a test that loses its connection to the broker fails no other test', async () => {
  const { amqpUrl } = await testServers();
  const proxy = await FaultProxy.start(amqpUrl);
  const connection = await connectToBroker(proxy.url(amqpUrl));
  const lost = new Promise<unknown>((resolve) => connection.once('close', resolve));
  proxy.reset();
  expect(await lost).toMatchObject({ message: 'read ECONNRESET' });
  await expect(connection.createChannel()).rejects.toThrow('Connection closed');
  await proxy.stop();
});
