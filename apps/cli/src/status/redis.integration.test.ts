import { openRunFolder, RedisPair } from '@pdaltagent/testing';
import { checkRedis } from './redis';

it('tells a Redis that takes no writes, as a replica after a failover, from one that does', async () => {
  const folder = openRunFolder('status-redis');
  const pair = await RedisPair.start(folder.path);
  try {
    expect(await checkRedis(pair.url)).toMatchObject({ state: 'fine', detail: 'connected' });
    const { url } = pair;
    await pair.promoteReplica();
    expect(await checkRedis(url)).toMatchObject({ state: 'attention', detail: 'answers, but takes no writes' });
  } finally {
    await pair.stop();
    folder.remove();
  }
});
