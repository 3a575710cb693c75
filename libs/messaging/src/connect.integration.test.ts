import { FaultProxy, testServers } from '@pdaltagent/testing';
import { amqplibConnect } from './connect';

it('a connection that is lost when nobody waits for it any more ends no process', async () => {
  const { amqpUrl } = await testServers();
  const proxy = await FaultProxy.start(amqpUrl);
  const { connection } = await amqplibConnect([])(proxy.url(amqpUrl), 'too late for its command');
  const lost = new Promise<unknown>((resolve) => connection.once('close', resolve));
  proxy.reset();
  expect(await lost).toMatchObject({ message: 'read ECONNRESET' });
  await proxy.stop();
});
