import amqp from 'amqplib';
import { Redis } from 'ioredis';
import { testServers } from './test-servers';

describe('the servers of a test run', () => {
  it('give each caller a private virtual host and database', async () => {
    const [mine, yours] = [await testServers(), await testServers()];
    const [here, there] = [await amqp.connect(mine.amqpUrl), await amqp.connect(yours.amqpUrl)];
    await (await here.createChannel()).assertQueue('only-here');
    const channel = await there.createChannel();
    channel.on('error', () => undefined);
    await expect(channel.checkQueue('only-here')).rejects.toThrow('NOT_FOUND');
    await Promise.all([here.close(), there.close()]);

    const [a, b] = [new Redis(mine.redisUrl), new Redis(yours.redisUrl)];
    await a.set('key', 'mine');
    expect(await b.get('key')).toBeNull();
    a.disconnect();
    b.disconnect();
  });
});
