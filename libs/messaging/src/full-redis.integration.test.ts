import { DeliveredMarkers, LaneClaims, Store } from '@pdaltagent/store';
import {
  connectToBroker,
  openRunFolder,
  recordingLogger,
  startRedis,
  testServers,
  waitUntil,
} from '@pdaltagent/testing';
import { Redis } from 'ioredis';
import { DELIVERED, event, KEY, publish, START_MS, TestWorker } from './lane-worker.fixture';
import { declareTopology } from './declare-topology';
import { EVENTS, laneOf, laneQueue } from './topology';

it('events of a worker that was killed are delivered by another one, although Redis is full and accepts no writes', async () => {
  const { amqpUrl } = await testServers();
  const connection = await connectToBroker(amqpUrl);
  await declareTopology(connection, EVENTS, 'quorum');
  await connection.close();
  const folder = openRunFolder('full-redis');
  const redis = await startRedis({ folder: folder.path });
  const admin = new Redis(redis.url);
  const store = new Store({ url: redis.url, name: 'test', log: recordingLogger([]) });
  store.start();
  await waitUntil(() => store.state() === 'connected', { what: 'Redis' });
  const claims = new LaneClaims(store);
  await claims.claim(laneQueue(EVENTS, laneOf(EVENTS, KEY)), 'a worker that was killed');
  await admin.config('SET', 'maxmemory', '1');
  await publish(amqpUrl, [event('disk', 0), event('disk', 1)]);
  const test = new TestWorker(amqpUrl, () => DELIVERED, { claims, markers: new DeliveredMarkers(store, 60) });
  await waitUntil(() => test.delivered.length === 2, { what: 'the events', timeoutMs: START_MS });
  expect(test.logged('a lane is no longer claimed')).toBe(false);
  await test.worker.stop();
  store.close();
  admin.disconnect();
  await redis.stop();
  folder.remove();
});
