import { LastDeliveries, type RecordedDelivery, type Store } from '.';
import { createHash } from 'node:crypto';
import { connectedStore } from './store.fixture';

const digest = (name: string) => createHash('sha256').update(name).digest('hex');
let store: Store;
let deliveries: LastDeliveries;

beforeAll(async () => (store = await connectedStore()));
beforeEach(async () => {
  await store.run((redis) => redis.flushdb());
  deliveries = new LastDeliveries(store, 'events', digest);
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
  expect(await new LastDeliveries(store, 'webhooks', digest).of('other')).toEqual([]);
});

it.each([
  ['trigger', '…d1a6'],
  ['acknowledge', '…d1a6'],
  ['incident.acknowledged', 'statuspage'],
])('stores a delivery (%s to %s) in the compact form that Redis has for short values', async (action, key) => {
  const id = '0197a3c4-5d2e-7f10-8a6b-3c9d4e5f6a7b';
  const name = 'f'.repeat(32);
  const acceptedAt = Date.parse('2026-01-01T00:00:00Z');
  const kept = { id, action, key, acceptedAt, deliveredAt: acceptedAt + 3 * 86_400_000 };
  await deliveries.record([delivery(id, { ...kept, name })]);
  const [stored = ''] = await store.run((redis) => redis.keys('*'));
  expect(await store.run((redis) => redis.object('ENCODING', stored))).not.toBe('hashtable');
  expect(await deliveries.of('disk of ann@example.com', name)).toEqual([kept]);
});

it('returns a delivery as it was recorded, whatever its id and its destination contain', async () => {
  const odd = { id: 'a b=\n', key: 'our status page', action: 'incident.triggered', acceptedAt: 9, deliveredAt: 3 };
  await deliveries.record([delivery(odd.id, odd)]);
  expect(await deliveries.of('disk of ann@example.com', 'one')).toEqual([odd]);
});

it.each(['', '{"id":"a","action":"trigger","key":"…d1a6","acceptedAt":1,"deliveredAt":2}', '1 0 trigger !', 'z{', '{'])(
  'a field that cannot be read (%j) counts as none, and the others are found',
  async (value) => {
    await deliveries.record([delivery('a')]);
    const [stored = ''] = await store.run((redis) => redis.keys('*'));
    await store.run((redis) => redis.hset(stored, 'two …77ff', value, 'three', '1 0 trigger =b'));
    expect(await deliveries.of('disk of ann@example.com')).toMatchObject([{ id: 'a' }]);
  },
);

it('forgets it after a day, and stores no dedup key', async () => {
  await deliveries.record([delivery('a')]);
  const keys = await store.run((redis) => redis.keys('*'));
  expect(keys).toHaveLength(1);
  expect(keys[0]).not.toContain('ann');
  const left = await store.run((redis) => redis.ttl(keys[0] ?? ''));
  expect(left).toBeGreaterThan(86_000);
  expect(left).toBeLessThanOrEqual(86_400);
});
