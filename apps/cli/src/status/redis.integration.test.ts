import { openRunFolder, RedisPair } from '@pdaltagent/testing';
import { checkRedis } from './redis';

it('detects a Redis that accepts no writes, such as a replica after a failover', async () => {
  const folder = openRunFolder('status-redis');
  const pair = await RedisPair.start(folder.path);
  try {
    expect(await checkRedis({ url: pair.url, authorities: [] })).toMatchObject({ state: 'fine', detail: 'connected' });
    const { url } = pair;
    await pair.promoteReplica();
    expect(await checkRedis({ url, authorities: [] })).toMatchObject({
      state: 'attention',
      detail: 'responds, but accepts no writes',
    });
  } finally {
    await pair.stop();
    folder.remove();
  }
});
