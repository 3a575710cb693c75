import { openRunFolder, RedisPair } from '@pdaltagent/testing';
import { runCli } from '../cli.fixture';

it('reports that Redis accepts no writes, such as a replica after a failover, and resumes nothing', async () => {
  const folder = openRunFolder('webhooks-resume');
  const pair = await RedisPair.start(folder.path);
  try {
    const { url } = pair;
    await pair.promoteReplica();
    const { code, out, error } = await runCli(['webhooks', 'resume', 'chat'], { PDAGENTD_REDIS_URL: url });
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(error).toContain('Redis responds, but accepts no writes: chat is not resumed');
  } finally {
    await pair.stop();
    folder.remove();
  }
});
