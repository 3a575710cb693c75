import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { EVENTS, laneOf, laneQueue } from '@pdaltagent/messaging';
import { type App, readConfiguration } from '@pdaltagent/service';
import { CuttingProxy, testServers, waitUntil } from '@pdaltagent/testing';
import amqp, { type ChannelModel, type ConsumeMessage } from 'amqplib';
import { Registry } from 'prom-client';
import { createApp } from './app';
import { variables } from './configuration';
import { freePort, rememberingLogger } from './gateway.fixture';

const KEY = '01234567890123456789012345678901';

let folder: string;
let app: App;
let proxy: CuttingProxy;
let amqpUrl: string;
let url: string;
let connection: ChannelModel;
let arrived: ConsumeMessage[] = [];

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'gateway-'));
  ({ amqpUrl } = await testServers());
  proxy = await CuttingProxy.start(amqpUrl);
  const httpPort = await freePort();
  url = `http://127.0.0.1:${httpPort}`;
  const configuration = readConfiguration(variables, {
    PDAGENTD_AMQP_URL: proxy.url(amqpUrl),
    PDAGENTD_HTTP_PORT: String(httpPort),
    PDAGENTD_HTTPS_PORT: '0',
    PDAGENTD_STATE_DIR: folder,
    PDAGENTD_CONFIRM_TIMEOUT_MS: '1000',
  });
  app = createApp(configuration, { logger: rememberingLogger([]), metrics: new Registry() });
  await app.start();
  await isReady();
  await consumeLane();
});
beforeEach(() => {
  arrived = [];
});
afterAll(async () => {
  await connection.close();
  await app.stop();
  await proxy.stop();
  await rm(folder, { recursive: true, force: true });
});

function isReady(): Promise<boolean> {
  return waitUntil(() => app.readiness().ready, { what: 'the gateway to be ready' });
}

async function post(route: string, body: string, headers: Record<string, string> = {}): Promise<number> {
  return (await fetch(url + route, { method: 'POST', body, headers })).status;
}

/** Takes all messages off the lane of the key, from now on. */
async function consumeLane(): Promise<void> {
  connection = await amqp.connect(amqpUrl);
  const channel = await connection.createChannel();
  await channel.consume(laneQueue(EVENTS, laneOf(EVENTS, KEY)), (message) => {
    if (message === null) return;
    arrived.push(message);
    channel.ack(message);
  });
}

function dedupKeys(): ReadonlySet<string> {
  return new Set(arrived.map(({ content }) => (JSON.parse(content.toString()) as { dedup_key: string }).dedup_key));
}

it('has an event durably on its lane before it answers 202, with all that delivery needs', async () => {
  const event = JSON.stringify({ routing_key: KEY, event_action: 'resolve', dedup_key: 'a', client: 'é🔥' });
  expect(await post('/v2/enqueue', event)).toBe(202);
  expect(await post(`/integration/${KEY}/enqueue`, 'a=b', { 'content-type': 'text/odd', 'x-vendor': 'v' })).toBe(202);
  await waitUntil(() => arrived.length >= 2, { what: 'both events to arrive' });
  const [first, second, ...others] = arrived;
  expect(others).toEqual([]);
  expect(first?.content.toString()).toBe(event);
  expect(first?.properties).toMatchObject({
    type: 'v2',
    deliveryMode: 2,
    contentType: 'application/json',
    headers: { routing_key: KEY, order_key: `${KEY}:a` },
  });
  expect(second?.properties).toMatchObject({
    type: 'integration',
    contentType: 'text/odd',
    headers: { routing_key: KEY, order_key: KEY, forward: { 'x-vendor': 'v' } },
  });
});

it('loses nothing that it answered 202 while the broker is cut off again and again', async () => {
  const answered: string[] = [];
  let isCutting = true;
  const cuts = (async () => {
    for (let count = 0; count < 5; count += 1) {
      const before = answered.length;
      await waitUntil(() => answered.length >= before + 20, { what: 'events between two cuts', intervalMs: 5 });
      proxy.cut();
    }
    isCutting = false;
  })();
  const sender = async (name: number): Promise<void> => {
    for (let count = 0; isCutting; count += 1) {
      const dedup_key = `${name}-${count}`;
      const status = await post(
        '/v2/enqueue',
        JSON.stringify({ routing_key: KEY, event_action: 'resolve', dedup_key }),
      );
      expect([202, 503]).toContain(status);
      if (status === 202) answered.push(dedup_key);
      else await isReady();
    }
  };
  await Promise.all([cuts, ...Array.from({ length: 8 }, (_, name) => sender(name))]);
  await isReady();
  const missing = (): string[] => {
    const keys = dedupKeys();
    return answered.filter((key) => !keys.has(key));
  };
  await waitUntil(() => missing().length === 0, { what: 'all events that were answered 202 to arrive' });
});

it('is not ready and answers 503 while the broker is away, and works as soon as it is back', async () => {
  const event = JSON.stringify({ routing_key: KEY, event_action: 'resolve', dedup_key: 'a' });
  await proxy.inject({ kind: 'down' });
  await waitUntil(() => !app.readiness().ready, { what: 'the loss to be seen' });
  expect(app.readiness()).toEqual({ ready: false, checks: { broker: 'away' } });
  expect(await post('/v2/enqueue', event)).toBe(503);
  await proxy.heal();
  await isReady();
  expect(await post('/v2/enqueue', event)).toBe(202);
});

it('answers 503 where the broker does not confirm in time', async () => {
  const event = JSON.stringify({ routing_key: KEY, event_action: 'resolve', dedup_key: 'a' });
  await proxy.inject({ kind: 'black-hole' });
  expect(await post('/v2/enqueue', event)).toBe(503);
  await proxy.heal();
});
