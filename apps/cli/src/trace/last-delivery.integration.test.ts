import { alertNameOf } from '@pdaltagent/messaging';
import { nameDigest } from '@pdaltagent/service';
import { LastDeliveries, Store } from '@pdaltagent/store';
import { testServers, type TestServers, waitUntil } from '@pdaltagent/testing';
import { Redis } from 'ioredis';
import { runCli, declareTopologies, KEY, OTHER_KEY } from '../cli.fixture';

const DIGEST_SECRET = 'secret of these tests';
const log = { info: () => undefined, warn: () => undefined };
let servers: TestServers;

beforeAll(async () => {
  servers = await testServers();
  await declareTopologies(servers.amqpUrl);
  const store = new Store({ url: servers.redisUrl, name: 'test', log });
  store.start();
  await waitUntil(() => store.state() === 'connected', { what: 'Redis' });
  const digest = nameDigest({ digestSecret: DIGEST_SECRET });
  const delivery = (key: string, id: string) => ({
    id,
    alert: 'web9/cpu',
    name: alertNameOf({ routingKey: key, orderKey: `${key}:web9/cpu` }, digest) ?? '',
    action: 'trigger',
    key: `…${key.slice(-4)}`,
    acceptedAt: Date.parse('2026-01-01T00:00:00Z'),
    deliveredAt: Date.parse('2026-01-01T00:00:01Z'),
  });
  await new LastDeliveries(store, 'events', digest).record([delivery(KEY, 'first'), delivery(OTHER_KEY, 'second')]);
  store.close();
});

const trace = (environment: Record<string, string>, ...words: string[]) =>
  runCli(['trace', ...words], {
    PDAGENTD_AMQP_URL: servers.amqpUrl,
    PDAGENTD_DIGEST_SECRET: DIGEST_SECRET,
    ...environment,
  });

it('finds an alert by its dedup key after its event was delivered', async () => {
  const redis = { PDAGENTD_REDIS_URL: servers.redisUrl };
  const { code, out } = await trace(redis, 'web9/cpu', '--key', KEY);
  expect(out).toContain(
    'delivered at 2026-01-01T00:00:01Z: trigger, accepted at 2026-01-01T00:00:00Z, id first, key …d1a6; the latest delivery of its alert',
  );
  expect(out).not.toContain('second');
  expect(out).not.toContain('never accepted');
  expect(code).toBe(0);
  const json = await trace(redis, 'web9/cpu', '--json');
  expect(JSON.parse(json.out)).toMatchObject({ found: true, delivered: 'not remembered' });
  expect(json.out).toContain('"id": "second"');
});

it('finds the other deliveries if Redis holds one that cannot be read', async () => {
  const redis = new Redis(servers.redisUrl);
  const [hash = ''] = await redis.keys('pdaltagent:last-delivered:events:*');
  await redis.hset(hash, 'a', '{');
  redis.disconnect();
  const { code, out } = await trace({ PDAGENTD_REDIS_URL: servers.redisUrl }, 'web9/cpu');
  expect(out).toContain('id first');
  expect(out).not.toContain('unreachable');
  expect(code).toBe(0);
});

it('says that Redis is unreachable only if it is configured', async () => {
  const { out } = await trace({ PDAGENTD_REDIS_URL: 'redis://127.0.0.1:1' }, 'web9/cpu');
  expect(out).toContain('Redis is unreachable: it is unknown whether it was delivered');
});
