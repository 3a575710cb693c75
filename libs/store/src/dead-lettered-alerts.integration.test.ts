import { DeadLetteredAlerts, type Store } from '.';
import { connectedStore } from './store.fixture';

let store: Store;
let alerts: DeadLetteredAlerts;

beforeAll(async () => (store = await connectedStore()));
beforeEach(async () => {
  await store.run((redis) => redis.flushdb());
  alerts = new DeadLetteredAlerts(store, 'events');
});
afterAll(() => store.close());

const resolve = (acceptedAt: number) => ({ action: 'resolve', acceptedAt, deliveredAt: acceptedAt + 5 });

it('returns since when an alert is watched, and the latest delivery of each action since then', async () => {
  const at = Date.now();
  await alerts.remember('a', at);
  await alerts.remember('a', at + 1_000);
  await alerts.remember('b', at);
  await alerts.recordDelivery('a', resolve(at + 2_000));
  await alerts.recordDelivery('a', resolve(at + 1_000));
  await alerts.recordDelivery('a', { action: '?', acceptedAt: at + 1, deliveredAt: at + 2 });
  const known = await alerts.all();
  expect(known.gapUntil).toBe(0);
  expect([...known.alerts.keys()].sort()).toEqual(['a', 'b']);
  expect(known.alerts.get('a')?.recordedSince).toBe(at);
  expect(known.alerts.get('a')?.delivered).toHaveLength(2);
  expect(known.alerts.get('a')?.delivered).toEqual(
    expect.arrayContaining([resolve(at + 2_000), { action: '?', acceptedAt: at + 1, deliveredAt: at + 2 }]),
  );
  expect(known.alerts.get('b')).toEqual({ recordedSince: at, delivered: [] });
});

it('returns to every worker the alerts that were remembered since its last call', async () => {
  await alerts.remember('a', 1);
  const first = await alerts.rememberedSince(0);
  expect(first.alerts).toEqual(['a']);
  await alerts.remember('b', 2);
  expect((await new DeadLetteredAlerts(store, 'events').rememberedSince(first.upTo)).alerts).toContain('b');
  expect((await new DeadLetteredAlerts(store, 'webhooks').rememberedSince(0)).alerts).toEqual([]);
  const later = await alerts.rememberedSince(first.upTo + 3_600_000);
  expect(later).toEqual({ alerts: [], upTo: first.upTo + 3_600_000 });
});

it('knows nothing about an alert whose facts cannot be read, and everything about the others', async () => {
  await alerts.remember('a', 1);
  await store.run((redis) => redis.hset('pdaltagent:dead-alerts:events:facts', 'b', '{"from":'));
  expect([...(await alerts.all()).alerts.keys()]).toEqual(['a']);
});

it('forgets an alert thirty days after its latest dead letter, and writes nothing for a forgotten one', async () => {
  await alerts.remember('old', 1);
  await store.run((redis) => redis.zadd('pdaltagent:dead-alerts:events', Date.now() - 31 * 86_400_000, 'old'));
  await alerts.remember('new', 2);
  await alerts.recordDelivery('old', resolve(3));
  expect([...(await alerts.all()).alerts.keys()]).toEqual(['new']);
  expect((await alerts.rememberedSince(0)).alerts).toEqual(['new']);
  const keys = await store.run((redis) => redis.keys('*'));
  const lives = await store.run((redis) => Promise.all(keys.map((key) => redis.pttl(key))));
  expect(lives.every((life) => life > 0)).toBe(true);
});

it('remembers the latest fifty thousand', async () => {
  await store.run(async (redis) => {
    const fill = `for n = 0, 49999 do redis.call('ZADD', KEYS[1], ARGV[1] + n, 'a' .. n) end`;
    await redis.eval(fill, 1, 'pdaltagent:dead-alerts:events', Date.now() - 86_400_000);
    await redis.hset('pdaltagent:dead-alerts:events:facts', 'a0', '{"from":1,"later":{}}');
  });
  await alerts.remember('one more', 1);
  expect(await store.run((redis) => redis.zcard('pdaltagent:dead-alerts:events'))).toBe(50_000);
  expect([...(await alerts.all()).alerts.keys()]).toEqual(['one more']);
});

it('returns until when deliveries may have been missed', async () => {
  await alerts.recordGap(1_234);
  expect((await alerts.all()).gapUntil).toBe(1_234);
});
