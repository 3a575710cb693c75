import { testServers, waitUntil } from '@pdaltagent/testing';
import { LastDeliveries, type RecordedDelivery, Store } from '.';

const log = { info: () => undefined, warn: () => undefined };
let store: Store;
let deliveries: LastDeliveries;

beforeAll(async () => {
  store = new Store({ url: (await testServers()).redisUrl, name: 'test', log });
  store.start();
  await waitUntil(() => store.state() === 'connected', { what: 'Redis' });
});
beforeEach(async () => {
  await store.run((redis) => redis.flushdb());
  deliveries = new LastDeliveries(store, 'events');
});
afterAll(() => store.close());

const delivery = (id: string, changes: Partial<RecordedDelivery> = {}): RecordedDelivery => ({
  id,
  alert: 'disk of ann@example.com',
  name: 'one',
  action: 'trigger',
  key: '…d1a6',
  acceptedAt: 1,
  deliveredAt: 2,
  ...changes,
});

it('returns the latest delivery of an alert, for each routing key that uses its dedup key', async () => {
  await deliveries.record([delivery('a'), delivery('b', { name: 'two', key: '…77ff', deliveredAt: 5 })]);
  await deliveries.record([delivery('c', { action: 'resolve', deliveredAt: 4 }), delivery('d', { alert: 'other' })]);
  const found = await deliveries.of('disk of ann@example.com');
  expect(found).toEqual([
    { id: 'b', action: 'trigger', key: '…77ff', acceptedAt: 1, deliveredAt: 5 },
    { id: 'c', action: 'resolve', key: '…d1a6', acceptedAt: 1, deliveredAt: 4 },
  ]);
  expect(await deliveries.of('disk of ann@example.com', 'one')).toEqual([found[1]]);
  expect(await deliveries.of('never heard of')).toEqual([]);
  expect(await new LastDeliveries(store, 'webhooks').of('other')).toEqual([]);
});

it('forgets it after a day, and stores no dedup key', async () => {
  await deliveries.record([delivery('a')]);
  const keys = await store.run((redis) => redis.keys('*'));
  expect(keys).toHaveLength(1);
  expect(keys[0]).not.toContain('ann');
  const left = await store.run((redis) => redis.ttl(keys[0] ?? ''));
  expect(left).toBeGreaterThan(86_000);
  expect(left).toBeLessThanOrEqual(86_400);
});
