import { setTimeout as delay } from 'node:timers/promises';
import { Cursor, DeliveredMarkers, Lease, SeenEntries, Store, StoreError } from '.';
import { RedisServer } from './redis-server.testing';

const logged: string[] = [];
const log = {
  info: (message: string) => void logged.push(message),
  warn: (message: string) => void logged.push(message),
};
const open: { close(): void }[] = [];
let redis: RedisServer;

beforeAll(async () => {
  redis = await RedisServer.create();
});
beforeEach(async () => {
  await redis.start();
  logged.length = 0;
});
afterEach(async () => {
  for (const store of open.splice(0)) store.close();
  await redis.stop();
});
afterAll(() => redis.remove());

function newStore(timeoutMs = 2_000): Store {
  const store = new Store({ url: redis.url, name: 'test', log, timeoutMs });
  open.push(store);
  store.start();
  return store;
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 20_000; !(await condition()); await delay(20)) {
    if (Date.now() > deadline) throw new Error('the condition was not met');
  }
}

async function connectedStore(timeoutMs?: number): Promise<Store> {
  const store = newStore(timeoutMs);
  await until(() => store.state() === 'connected');
  return store;
}

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'resolved',
    (error: unknown) => (error instanceof StoreError ? error.code : error),
  );

describe('the connection', () => {
  it('waits for a Redis that is away at first, says so once, and works when it is there', async () => {
    await redis.stop();
    const store = newStore();
    expect(await codeOf(new Cursor(store).read())).toBe('away');
    await until(() => logged.length > 0);
    await redis.start();
    await until(() => store.state() === 'connected');
    expect(await new Cursor(store).read()).toBeNull();
    expect(logged.filter((line) => line.startsWith('Redis is'))).toEqual([
      'Redis is away: trying again until it is back',
      'Redis is back',
    ]);
  });

  it('does not let a caller hang when Redis hangs, and goes on when it wakes', async () => {
    const store = await connectedStore(200);
    const markers = new DeliveredMarkers(store, 60);
    redis.signal('SIGSTOP');
    expect(await codeOf(markers.mark('a'))).toBe('away');
    expect(await codeOf(markers.has(['a']))).toBe('away');
    redis.signal('SIGCONT');
    await until(async () => (await codeOf(markers.mark('a'))) === 'resolved');
    expect(await markers.has(['a', 'b'])).toEqual(new Set(['a']));
    expect(store.state()).toBe('connected');
  });

  it('tells a refusal from an absence', async () => {
    await redis.stop();
    await redis.start('--maxmemory', '1');
    const store = await connectedStore();
    expect(await codeOf(new SeenEntries(store, 60).mark(['a']))).toBe('refused');
  });

  it('warns of a Redis that forgets', async () => {
    await redis.stop();
    await redis.start('--maxmemory-policy', 'allkeys-lru');
    newStore();
    await until(() => logged.length === 2);
    expect(logged).toEqual([
      expect.stringContaining('appendonly'),
      expect.stringContaining('maxmemory-policy noeviction'),
    ]);
  });

  it('has nothing to say about a Redis that keeps', async () => {
    await redis.stop();
    await redis.start('--appendonly', 'yes', '--maxmemory-policy', 'noeviction');
    const store = await connectedStore();
    await new Cursor(store).read();
    await store.run((client) => client.ping());
    expect(logged).toEqual([]);
  });
});

describe('seen entries', () => {
  it('are known once marked, in batches of any size', async () => {
    const seen = new SeenEntries(await connectedStore(), 60);
    const ids = Array.from({ length: 1_203 }, (_, index) => `R${index}`);
    expect(await seen.has(ids)).toEqual(new Set());
    await seen.mark(ids.slice(0, 700));
    expect(await seen.has(ids)).toEqual(new Set(ids.slice(0, 700)));
    expect(await seen.has([])).toEqual(new Set());
  });

  it('are kept anew each time they are met', async () => {
    const store = await connectedStore();
    await new SeenEntries(store, 5).mark(['R1']);
    await new SeenEntries(store, 500).has(['R1']);
    expect(await store.run((client) => client.ttl('pdaltagent:seen:R1'))).toBeGreaterThan(400);
  });

  it('are forgotten in the end', async () => {
    const store = await connectedStore();
    await new SeenEntries(store, 77).mark(['R1']);
    expect(await store.run((client) => client.ttl('pdaltagent:seen:R1'))).toBeGreaterThan(0);
  });
});

describe('the cursor', () => {
  it('is null at first, moves forward only, and keeps its start', async () => {
    const cursor = new Cursor(await connectedStore());
    expect(await cursor.read()).toBeNull();
    await cursor.advance({ start: 500, cursor: 1_000 });
    await cursor.advance({ start: 900, cursor: 999 });
    expect(await cursor.read()).toEqual({ start: 500, cursor: 1_000 });
    await cursor.advance({ start: 900, cursor: 1_700_000_000_123 });
    expect(await cursor.read()).toEqual({ start: 500, cursor: 1_700_000_000_123 });
  });
});

describe('the lease', () => {
  const newLease = (store: Store, ttlMs = 1_000) => {
    const lease = new Lease({ store, name: 'test', log, ttlMs, renewMs: 50 });
    lease.start();
    return lease;
  };

  it('is held by one, and passes at once to the other when it is given back', async () => {
    const first = newLease(await connectedStore());
    await first.whenHeld(AbortSignal.timeout(10_000));
    const second = newLease(await connectedStore());
    await delay(300); // Time for several attempts of the second, all of which must fail.
    expect([first.held(), second.held()]).toEqual([true, false]);
    await first.stop();
    await second.whenHeld(AbortSignal.timeout(10_000));
    expect([first.held(), second.held()]).toEqual([false, true]);
    await second.stop();
  });

  it('passes to the other when its holder cannot reach Redis any more', async () => {
    const lost = await connectedStore();
    const first = newLease(lost);
    await first.whenHeld(AbortSignal.timeout(10_000));
    lost.close();
    const second = newLease(await connectedStore());
    await second.whenHeld(AbortSignal.timeout(10_000));
    expect([first.held(), second.held()]).toEqual([false, true]);
    await Promise.all([first.stop(), second.stop()]);
  });

  it('is noticed as lost when another process took it', async () => {
    const store = await connectedStore();
    const lease = newLease(store);
    await lease.whenHeld(AbortSignal.timeout(10_000));
    await store.run((client) => client.set('pdaltagent:lease:test', 'another'));
    await until(() => !lease.held());
    await lease.stop();
    expect(await store.run((client) => client.get('pdaltagent:lease:test'))).toBe('another');
  });

  it('is taken again by its holder when Redis was emptied', async () => {
    const store = await connectedStore();
    const lease = newLease(store);
    await lease.whenHeld(AbortSignal.timeout(10_000));
    await store.run((client) => client.flushall());
    await until(async () => (await store.run((client) => client.exists('pdaltagent:lease:test'))) === 1);
    expect(lease.held()).toBe(true);
    await lease.stop();
  });
});
