import { type DeliveredMarkers, type LaneClaims } from '@pdaltagent/messaging';
import { DeliveredMarkers as StoredMarkers, LaneClaims as StoredClaims, Store } from '@pdaltagent/store';
import { openRunFolder, recordingLogger, startRedis, waitUntil } from '@pdaltagent/testing';
import { Redis } from 'ioredis';
import { rmSync } from 'node:fs';
import path from 'node:path';
import { Scheduler } from '../scheduler';
import { SimulatedProcess } from '../simulated-process';
import { SimulatedRedis } from './simulated-redis';

type Refusing = 'full' | 'cannot save';

/** What workers have of a Redis. */
interface World {
  readonly markers: DeliveredMarkers;
  readonly claims: LaneClaims;
  /** From now on it refuses writes. */
  readonly refuse: (how: Refusing) => Promise<void>;
  readonly run: <Result>(action: Promise<Result>) => Promise<Result>;
  readonly stop: () => Promise<void>;
}

function simulatedWorld(): Promise<World> {
  const scheduler = new Scheduler(1, false);
  const redis = new SimulatedRedis(scheduler);
  const process = new SimulatedProcess(scheduler, 'worker');
  return Promise.resolve({
    markers: redis.markersOf(process),
    claims: redis.claimsOf(process),
    refuse: (how) => Promise.resolve().then(() => void (redis.mode = how)),
    run: (action) => scheduler.run(action),
    stop: () => Promise.resolve(),
  });
}

async function realWorld(): Promise<World> {
  const folder = openRunFolder('redis-refusals');
  const data = path.join(folder.path, 'data');
  const server = await startRedis({ folder: data });
  const admin = new Redis(server.url);
  const store = new Store({ url: server.url, name: 'test', log: recordingLogger([]) });
  store.start();
  await waitUntil(() => store.state() === 'connected', { what: 'Redis' });
  return {
    markers: new StoredMarkers(store, 60),
    claims: new StoredClaims(store),
    refuse: async (how) => {
      if (how === 'full') return void (await admin.config('SET', 'maxmemory', '1'));
      // A snapshot cannot be written to a folder that is missing.
      rmSync(data, { recursive: true });
      await admin.config('SET', 'save', '3600 1');
      await admin.bgsave();
      const hasFailed = async () => (await admin.info('persistence')).includes('rdb_last_bgsave_status:err');
      await waitUntil(hasFailed, { what: 'the snapshot to fail' });
    },
    run: (action) => action,
    stop: async () => {
      store.close();
      admin.disconnect();
      await server.stop();
      folder.remove();
    },
  };
}

describe.each([
  ['simulated', simulatedWorld],
  ['real', realWorld],
])('a %s Redis', (_name, open) => {
  it.each([
    ['is full', 'full', 'OOM', undefined],
    ['cannot save', 'cannot save', 'MISCONF', 'ours'],
  ] as const)('that %s answers reads and refuses writes', async (_what, how, error, left) => {
    const { markers, claims, refuse, run, stop } = await open();
    await run(claims.claim('a lane', 'a former owner'));
    await run(claims.claim('another lane', 'ours'));
    await run(markers.mark('before'));
    await refuse(how);
    await expect(run(claims.claim('a lane', 'ours'))).rejects.toThrow(error);
    await expect(run(markers.mark('after'))).rejects.toThrow(error);
    expect(await run(claims.read(['a lane']))).toEqual(new Map([['a lane', 'a former owner']]));
    expect(await run(markers.has(['before', 'after']))).toEqual(new Set(['before']));
    // A script that writes nothing in the end.
    await run(claims.withdraw('a lane', 'ours'));
    const withdrawal = run(claims.withdraw('another lane', 'ours'));
    if (left === undefined) await withdrawal;
    else await expect(withdrawal).rejects.toThrow(error);
    expect((await run(claims.read(['another lane']))).get('another lane')).toBe(left);
    await stop();
  });
});
