import { SYSTEM_RANDOM } from '@pdaltagent/clock';
import { ManualClock, openRunFolder, type Redis, type RunFolder, startRedis, waitUntil } from '@pdaltagent/testing';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { agreedTime, Cursor, DeliveredMarkers, LaneClaims, Lease, SeenEntries, Store, StoreError } from '.';
import { newHolderName } from './lease-holder';

const logged: string[] = [];
const log = {
  info: (message: string) => void logged.push(message),
  warn: (message: string) => void logged.push(message),
};
const stores: Store[] = [];
let folder: RunFolder;
let redis: Redis;

beforeAll(async () => {
  folder = openRunFolder('store');
  redis = await startRedis({ folder: folder.path });
});
beforeEach(async () => {
  const store = await connectedStore();
  await store.run((client) => client.flushall());
  store.close();
  logged.length = 0;
});
afterEach(() => {
  for (const store of stores.splice(0)) store.close();
});
afterAll(async () => {
  await redis.stop();
  folder.remove();
});

function newStore(timeoutMs = 2_000): Store {
  const store = new Store({ url: redis.url, name: 'test', log, timeoutMs });
  stores.push(store);
  store.start();
  return store;
}

const until = (what: string, condition: () => boolean | Promise<boolean>) => waitUntil(condition, { what });

/** Runs with a changed setting of Redis. */
async function withSetting(name: string, [value, usual]: [string, string], work: () => Promise<void>): Promise<void> {
  const store = await connectedStore();
  await store.run((client) => client.config('SET', name, value));
  logged.length = 0;
  try {
    await work();
  } finally {
    await store.run((client) => client.config('SET', name, usual));
  }
}

async function connectedStore(timeoutMs?: number): Promise<Store> {
  const store = newStore(timeoutMs);
  await until('Redis to be connected', () => store.state() === 'connected');
  return store;
}

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'resolved',
    (error: unknown) => (error instanceof StoreError ? error.code : error),
  );

it('keeps the current claim of each lane, and withdraws no later one', async () => {
  const claims = new LaneClaims(await connectedStore());
  expect(await claims.claim('lane-1', 'one')).toBeUndefined();
  expect(await claims.claim('lane-1', 'two')).toBe('one');
  await claims.claim('lane-2', 'one');
  await claims.withdraw('lane-1', 'one');
  expect(await claims.read(['lane-1', 'lane-2', 'lane-3'])).toEqual(
    new Map([
      ['lane-1', 'two'],
      ['lane-2', 'one'],
    ]),
  );
  await claims.withdraw('lane-1', 'two');
  expect(await claims.claim('lane-1', 'three')).toBeUndefined();
});

describe('the connection', () => {
  it('waits for a Redis that is unreachable at first, logs that once, and works when it is back', async () => {
    await redis.stop();
    logged.length = 0;
    const store = newStore();
    expect(await codeOf(new Cursor(store).read())).toBe('unreachable');
    await until('the outage to be logged', () => logged.length > 0);
    await redis.restart();
    await until('Redis to be back', () => store.state() === 'connected');
    expect(await new Cursor(store).read()).toBeNull();
    expect(logged).toEqual(['Redis is unreachable: retrying until it is back', 'Redis is reachable again']);
  });

  it('does not let a caller hang when Redis hangs, and works again when it resumes', async () => {
    const store = await connectedStore(200);
    const markers = new DeliveredMarkers(store, 60);
    await redis.pause();
    expect(await codeOf(markers.mark('a'))).toBe('unreachable');
    expect(await codeOf(markers.has(['a']))).toBe('unreachable');
    await redis.resume();
    await until('a mark to be written', async () => (await codeOf(markers.mark('a'))) === 'resolved');
    expect(await markers.has(['a', 'b'])).toEqual(new Set(['a']));
    await until('Redis to count as connected', () => store.state() === 'connected');
  });

  it('distinguishes a refusal from an outage', () =>
    withSetting('maxmemory', ['1', '0'], async () => {
      const store = newStore();
      await until('the refusal to show', () => store.state() === 'refusing');
      expect(await codeOf(new SeenEntries(store, 60).mark(['a']))).toBe('refused');
      expect(await codeOf(new SeenEntries(store, 60).has(['a']))).toBe('resolved');
    }));

  it('warns of a Redis that may evict keys', () =>
    withSetting('maxmemory-policy', ['allkeys-lru', 'noeviction'], async () => {
      newStore();
      await until('a warning', () => logged.length > 0);
      expect(logged).toEqual([expect.stringContaining('maxmemory-policy noeviction')]);
    }));

  it('warns of a Redis without an append-only file', () =>
    withSetting('appendonly', ['no', 'yes'], async () => {
      newStore();
      await until('a warning', () => logged.length > 0);
      expect(logged).toEqual([expect.stringContaining('appendonly')]);
    }));

  it('logs nothing about a durable Redis', async () => {
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

  it('are kept longer each time they are seen', async () => {
    const store = await connectedStore();
    await new SeenEntries(store, 5).mark(['R1']);
    await new SeenEntries(store, 500).has(['R1']);
    expect(await store.run((client) => client.ttl('pdaltagent:seen:R1'))).toBeGreaterThan(400);
  });

  it('expire', async () => {
    const store = await connectedStore();
    await new SeenEntries(store, 1).mark(['R1']);
    await until('R1 to be forgotten', async () => (await store.run((client) => client.keys('*'))).length === 0);
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
  const leases: Lease[] = [];
  const newLease = (store: Store, ttlMs = 30_000) => {
    const lease = new Lease({ store, name: 'test', log, ttlMs, renewMs: 50 });
    leases.push(lease);
    lease.start();
    return lease;
  };
  /** Resolves once this many attempts to acquire or renew a lease through the store have begun. */
  const attempts = (store: Store, count: number) => {
    const run = jest.spyOn(store, 'run');
    return until(`${count} attempts`, () => run.mock.calls.length >= count);
  };
  afterEach(() => Promise.all(leases.splice(0).map((lease) => lease.stop())));

  it('is held by one process, and passes to the other at once when it is released', async () => {
    const first = newLease(await connectedStore());
    await first.whenHeld(AbortSignal.timeout(30_000));
    const other = await connectedStore();
    const second = newLease(other);
    await attempts(other, 3);
    expect([first.isHeld(), second.isHeld()]).toEqual([true, false]);
    await first.stop();
    await second.whenHeld(AbortSignal.timeout(30_000));
    expect([first.isHeld(), second.isHeld()]).toEqual([false, true]);
    await second.stop();
  });

  it('passes to the other process when its holder can no longer reach Redis', async () => {
    const lost = await connectedStore();
    const first = newLease(lost, 1_000);
    await first.whenHeld(AbortSignal.timeout(30_000));
    lost.close();
    const second = newLease(await connectedStore());
    await second.whenHeld(AbortSignal.timeout(30_000));
    expect([first.isHeld(), second.isHeld()]).toEqual([false, true]);
    await Promise.all([first.stop(), second.stop()]);
  });

  it('is noticed as lost when another process acquired it', async () => {
    const store = await connectedStore();
    const lease = newLease(store);
    await lease.whenHeld(AbortSignal.timeout(30_000));
    await store.run((client) => client.set('pdaltagent:lease:test', 'another'));
    await until('the loss to be noticed', () => !lease.isHeld());
    await lease.stop();
    expect(await store.run((client) => client.get('pdaltagent:lease:test'))).toBe('another');
  });

  it.each([
    ['back two hours', -7_200_000],
    ['forward three days', 259_200_000],
  ])('stays with its holder when the wall clock is set %s, and expires after its own time only', async (_, jump) => {
    const clock = new ManualClock();
    const store = await connectedStore();
    const lease = new Lease({ store, name: 'test', log, ttlMs: 1_000, renewMs: 3_600_000, clock });
    leases.push(lease);
    lease.start();
    await lease.whenHeld(AbortSignal.timeout(30_000));
    clock.jump(jump);
    expect(lease.isHeld()).toBe(true);
    clock.advance(1_000);
    expect(lease.isHeld()).toBe(false);
  });

  it('of a killed process on this machine is free at once', async () => {
    const store = await connectedStore();
    const ended = spawn(process.execPath, ['-e', '']);
    await once(ended, 'exit');
    const [host, space] = newHolderName(SYSTEM_RANDOM).split(' ');
    const holder = [host, space, ended.pid, 'its token'].join(' ');
    await store.run((client) => client.set('pdaltagent:lease:test', holder, 'PX', 3_600_000));
    const lease = newLease(store);
    await lease.whenHeld(AbortSignal.timeout(30_000));
    expect(lease.isHeld()).toBe(true);
    await lease.stop();
  });

  it.each(['another-host', 'this host in another container'])('of a process on %s is not taken over', async (where) => {
    const store = await connectedStore();
    const [host, space] = newHolderName(SYSTEM_RANDOM).split(' ');
    const holder = where === 'another-host' ? [where, space, 1, 'x'] : [host, 'pid:[1]', process.pid, 'x'];
    await store.run((client) => client.set('pdaltagent:lease:test', holder.join(' '), 'PX', 3_600_000));
    const lease = newLease(store);
    await attempts(store, 3);
    expect(lease.isHeld()).toBe(false);
    await lease.stop();
  });

  it('logs once that Redis refuses it, and is acquired when Redis accepts writes again', async () => {
    const store = await connectedStore();
    let lease: Lease | undefined;
    await withSetting('maxmemory', ['1', '0'], async () => {
      lease = newLease(store);
      await attempts(store, 3);
      expect(lease.isHeld()).toBe(false);
      expect(logged.filter((line) => line.includes('Redis refused'))).toHaveLength(1);
    });
    await lease?.whenHeld(AbortSignal.timeout(30_000));
    expect(lease?.isHeld()).toBe(true);
    await lease?.stop();
  });

  it('is acquired again by its holder after Redis was emptied', async () => {
    const store = await connectedStore();
    const lease = newLease(store);
    await lease.whenHeld(AbortSignal.timeout(30_000));
    await store.run((client) => client.flushall());
    await until('the lease to be there again', async () => {
      return (await store.run((client) => client.exists('pdaltagent:lease:test'))) === 1;
    });
    expect(lease.isHeld()).toBe(true);
    await lease.stop();
  });
});

describe('the time on which this host and Redis agree', () => {
  it('is the earlier one, and not known while Redis is unreachable', async () => {
    const store = await connectedStore();
    expect(await agreedTime(store, { wall: () => 1_000 })).toBe(1_000);
    const redisTime = await agreedTime(store, { wall: () => Date.now() + 1_000 * 86_400_000 });
    expect(Math.abs((redisTime ?? 0) - Date.now())).toBeLessThan(60_000);
    store.close();
    expect(await agreedTime(store)).toBeUndefined();
  });
});
