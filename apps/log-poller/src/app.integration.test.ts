import { WEBHOOKS } from '@pdaltagent/messaging';
import { type App, createLogger, readConfiguration } from '@pdaltagent/service';
import { Cursor, Store } from '@pdaltagent/store';
import {
  connectToBroker,
  FaultProxy,
  LogEntriesServer,
  openRunFolder,
  RedisPair,
  testServers,
  type TestServers,
  waitUntil,
} from '@pdaltagent/testing';
import { Registry } from 'prom-client';
import { generate } from 'selfsigned';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { createApp } from './app';
import { variables } from './configuration';
import { RecordingLog } from './recording-log.fixture';
import { Lanes } from './lanes.fixture';

let servers: TestServers;
let server: LogEntriesServer;
let broker: FaultProxy;
let redis: FaultProxy;
const apps: App[] = [];
const logged: string[] = [];

beforeAll(async () => {
  servers = await testServers();
});
beforeEach(async () => {
  server = new LogEntriesServer();
  await server.start();
  [broker, redis] = await Promise.all([FaultProxy.start(servers.amqpUrl), FaultProxy.start(servers.redisUrl)]);
  const store = new Store({ url: servers.redisUrl, name: 'test', log: new RecordingLog() });
  store.start();
  await waitUntil(() => store.state() === 'connected', { what: 'Redis to be connected' });
  await store.run((client) => client.flushdb());
  store.close();
  logged.length = 0;
});
afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.stop()));
  await Promise.all([broker.stop(), redis.stop(), server.stop()]);
});

async function start(environment: Record<string, string> = {}, metrics = new Registry()): Promise<App> {
  const configuration = readConfiguration(variables, {
    PDAGENTD_AMQP_URL: broker.url(servers.amqpUrl),
    PDAGENTD_REDIS_URL: redis.url(servers.redisUrl),
    PDAGENTD_API_BASE_URL: server.url,
    PDAGENTD_API_TOKEN: 'y_NbAkKc66ryYTWUXYEu',
    PDAGENTD_WEBHOOK_DEST_URL: 'http://receiver.test/hook',
    PDAGENTD_POLLING_INTERVAL_SECONDS: '1',
    ...environment,
  });
  const stream = new PassThrough().on('data', (line: Buffer) => logged.push(line.toString()));
  const logger = createLogger({ service: 'test', level: 'info', stream });
  const app = createApp(configuration, { logger, metrics });
  apps.push(app);
  await app.start();
  return app;
}

const ready = (app: App) => waitUntil(() => app.readiness().ready, { what: 'the poller to be ready' });
const arrived = (lanes: Lanes, count: number) =>
  waitUntil(() => lanes.messages.length >= count, { what: `${count} webhooks on the lanes` });

const lagIn = async (metrics: Registry) =>
  Number(/^pdaltagent_poller_lag_seconds (\S+)$/m.exec(await metrics.metrics())?.[1]);

describe('the poller', () => {
  it('waits for an unreachable broker and an unreachable Redis, logs each once, and then works', async () => {
    await Promise.all([broker.inject({ kind: 'down' }), redis.inject({ kind: 'down' })]);
    server.add(3);
    const app = await start();
    await waitUntil(
      () =>
        logged.some((line) => line.includes('broker unreachable')) && logged.join().includes('Redis is unreachable'),
      {
        what: 'both to be logged as unreachable',
      },
    );
    expect(app.readiness().ready).toBe(false);
    await redis.heal();
    await waitUntil(() => app.readiness().checks.redis === 'connected', { what: 'Redis to be connected' });
    expect(server.requests).toEqual([]);
    await broker.heal();
    await ready(app);
    const lanes = await Lanes.open(servers.amqpUrl);
    await arrived(lanes, 3);
    await lanes.close();
    // The journal has a connection of its own.
    const own = logged.filter((line) => !line.includes('"connection":"log-poller journal"'));
    for (const what of ['broker unreachable', 'Redis is unreachable'])
      expect(own.filter((line) => line.includes(what))).toHaveLength(1);
  });

  it('continues without a gap after both were unreachable for a while', async () => {
    const app = await start();
    await ready(app);
    const lanes = await Lanes.open(servers.amqpUrl);
    server.add(5);
    await arrived(lanes, 5);
    await Promise.all([broker.inject({ kind: 'down' }), redis.inject({ kind: 'down' })]);
    server.add(5);
    await waitUntil(() => !app.readiness().ready, { what: 'the outage to be noticed' });
    await Promise.all([broker.heal(), redis.heal()]);
    // Some may be repeated.
    await waitUntil(() => new Set(lanes.entryIds()).size >= 10, { what: 'all webhooks' });
    await lanes.close();
    expect(new Set(lanes.entryIds())).toEqual(new Set(server.entries.map(({ id }) => id)));
  });

  it('reports its lag even if the broker was unreachable from the start', async () => {
    const store = new Store({ url: servers.redisUrl, name: 'test', log: new RecordingLog() });
    store.start();
    await waitUntil(() => store.state() === 'connected', { what: 'Redis to be connected' });
    const hourAgo = Date.now() - 3_600_000;
    await new Cursor(store).advance({ start: hourAgo, cursor: hourAgo });
    store.close();
    await broker.inject({ kind: 'down' });
    const metrics = new Registry();
    await start({}, metrics);
    await waitUntil(async () => (await lagIn(metrics)) >= 3_600, { what: 'the lag to be reported' });
  });

  it('reports a growing lag while Redis is unreachable from the start', async () => {
    await redis.inject({ kind: 'down' });
    const metrics = new Registry();
    await start({}, metrics);
    await waitUntil(async () => (await lagIn(metrics)) >= 1, { what: 'the lag to grow' });
  });

  it('trusts a certificate authority in PDAGENTD_CA_FILE, such as that of a corporate proxy', async () => {
    const { cert, private: key } = await generate([{ name: 'commonName', value: 'localhost' }], { keyType: 'ec' });
    let asked = 0;
    const secure = createServer({ cert, key }, (_request, response) => {
      asked += 1;
      response.end('{"log_entries":[],"more":false}');
    }).listen(0);
    await once(secure, 'listening');
    const address = secure.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const folder = mkdtempSync(path.join(tmpdir(), 'authority-'));
    const file = path.join(folder, 'authority.pem');
    writeFileSync(file, cert);
    await start({ PDAGENTD_API_BASE_URL: `https://localhost:${port}`, PDAGENTD_CA_FILE: file });
    await waitUntil(() => asked > 0, { what: 'PagerDuty to be asked' });
    secure.close();
    rmSync(folder, { recursive: true });
  });

  it('polls in one process at a time, and another takes over without repeating anything', async () => {
    const first = await start();
    await waitUntil(() => first.readiness().checks.polling === 'this process', { what: 'the first to poll' });
    const second = await start();
    await ready(second);
    const lanes = await Lanes.openEmpty(servers.amqpUrl);
    server.add(10);
    await arrived(lanes, 10);
    expect(second.readiness().checks.polling).toBe('another process');
    await apps.shift()?.stop();
    server.add(10);
    await arrived(lanes, 20);
    expect(second.readiness().checks.polling).toBe('this process');
    await lanes.close();
    expect(lanes.messages).toHaveLength(20);
  });

  it('continues after a failover of Redis that left it connected to a replica, and is not ready until then', async () => {
    const folder = openRunFolder('failover');
    const pair = await RedisPair.start(folder.path);
    const metrics = new Registry();
    const app = await start({ PDAGENTD_REDIS_URL: pair.url }, metrics);
    await ready(app);
    const lanes = await Lanes.openEmpty(servers.amqpUrl);
    server.add(2);
    await arrived(lanes, 2);
    await pair.promoteReplica();
    server.add(2);
    await waitUntil(() => !app.readiness().ready, { what: 'the poller to be not ready' });
    expect(app.readiness().checks.redis).toBe('refusing');
    await waitUntil(() => app.readiness().checks.polling === 'unknown', { what: 'the lease to run out' });
    expect(await lagIn(metrics)).toBeGreaterThan(3);
    pair.followPrimary();
    await ready(app);
    await waitUntil(() => new Set(lanes.entryIds()).size >= 4, { what: 'all webhooks' });
    expect(logged.filter((line) => line.includes('Redis accepts no writes'))).toHaveLength(1);
    await apps.shift()?.stop();
    await lanes.close();
    await pair.stop();
    folder.remove();
  });

  it('is not ready while RabbitMQ is connected but accepts no webhook', async () => {
    const app = await start();
    await ready(app);
    const connection = await connectToBroker(servers.amqpUrl);
    const channel = await connection.createChannel();
    await channel.deleteExchange(WEBHOOKS.exchange);
    // Of another type, so that it cannot be declared, and without queues.
    await channel.assertExchange(WEBHOOKS.exchange, 'fanout');
    server.add(1);
    await waitUntil(() => !app.readiness().ready, { what: 'the poller to be not ready' });
    expect(app.readiness().checks).toMatchObject({ broker: 'connected', polling: 'failing' });
    await channel.deleteExchange(WEBHOOKS.exchange);
    await connection.close();
    await ready(app);
    const lanes = await Lanes.open(servers.amqpUrl);
    await arrived(lanes, 1);
    await lanes.close();
  });

  it('reports PagerDuty as not tried until the first response', async () => {
    server.faults.push('reset');
    await broker.inject({ kind: 'down' });
    const app = await start();
    expect(app.readiness().checks.pagerduty).toBe('not tried yet');
    await broker.heal();
    await waitUntil(() => app.readiness().checks.pagerduty === 'failed', { what: 'PagerDuty to be tried' });
    await waitUntil(() => app.readiness().checks.pagerduty === 'ok', { what: 'PagerDuty to answer' });
  });

  it('queues for the destinations of a file what each wants, and reloads a changed file without a restart', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'destinations-'));
    const file = path.join(folder, 'webhooks.yaml');
    const write = (...destinations: string[]) => writeFileSync(file, `destinations: [${destinations.join(', ')}]`);
    const all = '{ name: all, url: http://all.test, secrets: [{ env: ONLY_THE_SENDER_HAS_IT }] }';
    write(all, '{ name: some, url: http://some.test, format: v3, filters: { services: [S1] } }');
    const app = await start({ PDAGENTD_WEBHOOKS_FILE: file });
    await ready(app);
    const lanes = await Lanes.openEmpty(servers.amqpUrl);
    const names = () => lanes.messages.map(({ routingKey }) => routingKey).sort();
    server.add(2, (index) => ({ service: { id: `S${index + 1}` } }));
    await arrived(lanes, 3);
    expect(names()).toEqual(['all', 'all', 'some']);
    expect(lanes.messages.find(({ routingKey }) => routingKey === 'some')?.body.toString()).toContain('"event":{"id"');
    write(all, '{ name: bad }');
    await waitUntil(() => logged.some((line) => line.includes('the previous version stays')), { what: 'the refusal' });
    write(all, '{ name: new, url: http://new.test }');
    await waitUntil(() => logged.some((line) => line.includes('was reloaded')), { what: 'the change' });
    server.add(1);
    await arrived(lanes, 5);
    expect(names()).toEqual(['all', 'all', 'all', 'new', 'some']);
    expect(logged.filter((line) => line.includes('nothing is queued for the URLs'))).toHaveLength(1);
    await lanes.close();
    rmSync(folder, { recursive: true });
  });

  it('does not start with a file that has problems', async () => {
    await expect(start({ PDAGENTD_WEBHOOKS_FILE: '/nowhere/webhooks.yaml' })).rejects.toThrow(/PDAGENTD_WEBHOOKS_FILE/);
  });

  it.each([
    ['PDAGENTD_API_TOKEN', 'PDAGENTD_API_TOKEN is not set'],
    ['PDAGENTD_WEBHOOK_DEST_URL', 'neither PDAGENTD_WEBHOOK_DEST_URL nor PDAGENTD_WEBHOOKS_FILE is set'],
  ])('without %s logs once that %s, and idles', async (name, reason) => {
    const app = await start({ [name]: '' });
    expect(app.readiness()).toEqual({ ready: true, checks: { polling: `idle: ${reason}` } });
    expect(logged.filter((line) => line.includes(reason))).toHaveLength(1);
    expect([broker.accepted, redis.accepted]).toEqual([0, 0]);
  });
});
