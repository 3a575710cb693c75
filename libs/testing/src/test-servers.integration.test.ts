import { connectToBroker } from './connect-to-broker';
import { Redis } from 'ioredis';
import { POOL_VARIABLE, testServers } from './test-servers';
import { waitUntil } from './wait-until';

/** What a file of another jest worker would get. */
async function serversOf(file: string): Promise<string> {
  const url = `${process.env[POOL_VARIABLE]}?worker=another&file=${file}`;
  return ((await (await fetch(url, { method: 'POST' })).json()) as { amqpUrl: string }).amqpUrl;
}

async function exists(amqpUrl: string): Promise<boolean> {
  try {
    await (await connectToBroker(amqpUrl)).close();
    return true;
  } catch (error) {
    // How amqplib reports that the virtual host does not exist.
    if (String(error).includes('got <ConnectionClose')) return false;
    throw error;
  }
}

describe('the servers of a test run', () => {
  it('give each caller a private virtual host and database', async () => {
    const [mine, yours] = [await testServers(), await testServers()];
    const [here, there] = [await connectToBroker(mine.amqpUrl), await connectToBroker(yours.amqpUrl)];
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

  it('are removed when a worker runs its next files, so that the broker does not become slower', async () => {
    const first = [await serversOf('first'), await serversOf('first')];
    const second = [await serversOf('second'), await serversOf('second')];
    // They are removed in batches: those of the third file complete the last one.
    await serversOf('third');
    await serversOf('third');
    const inUse = await serversOf('fourth');
    for (const unused of [...first, ...second])
      await waitUntil(async () => !(await exists(unused)), {
        what: 'the virtual host to be removed',
        timeoutMs: 150_000,
      });
    expect(await exists(inUse)).toBe(true);
  });
});
