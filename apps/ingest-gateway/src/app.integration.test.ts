import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { EVENTS, laneOf, laneQueue } from '@pdaltagent/messaging';
import { type App, readConfiguration } from '@pdaltagent/service';
import {
  connectToBroker,
  FaultProxy,
  freePort,
  type RecordedLine,
  recordingLogger,
  testServers,
  waitUntil,
} from '@pdaltagent/testing';
import { type ChannelModel, type ConsumeMessage } from 'amqplib';
import { Registry } from 'prom-client';
import { createApp } from './app';
import { variables } from './configuration';

const KEY = '01234567890123456789012345678901';

let folder: string;
let app: App;
let proxy: FaultProxy;
let amqpUrl: string;
let url: string;
let connection: ChannelModel;
let arrived: ConsumeMessage[] = [];
const log: RecordedLine[] = [];
const metrics = new Registry();

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'gateway-'));
  ({ amqpUrl } = await testServers());
  proxy = await FaultProxy.start(amqpUrl);
  const httpPort = await freePort();
  url = `http://127.0.0.1:${httpPort}`;
  const configuration = readConfiguration(variables, {
    PDAGENTD_AMQP_URL: proxy.url(amqpUrl),
    PDAGENTD_HTTP_PORT: String(httpPort),
    PDAGENTD_HTTPS_PORT: '0',
    PDAGENTD_STATE_DIR: folder,
    PDAGENTD_CONFIRM_TIMEOUT_MS: '1000',
  });
  app = createApp(configuration, { logger: recordingLogger(log), metrics });
  await app.start();
  await isDirect();
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

const checks = (): Record<string, string> => app.readiness().checks;

function isDirect(): Promise<boolean> {
  return waitUntil(() => checks().mode === 'direct', { what: 'events to go directly to the broker' });
}

async function metric(name: string): Promise<number> {
  const { values = [] } = (await metrics.getSingleMetric(name)?.get()) ?? {};
  return values[0]?.value ?? NaN;
}

function event(dedup_key: string): string {
  return JSON.stringify({ routing_key: KEY, event_action: 'resolve', dedup_key });
}

async function post(route: string, body: string, headers: Record<string, string> = {}): Promise<number> {
  return (await fetch(url + route, { method: 'POST', body, headers })).status;
}

/** Consumes all messages on the lane of the key from now on. */
async function consumeLane(): Promise<void> {
  connection = await connectToBroker(amqpUrl);
  const channel = await connection.createChannel();
  await channel.consume(laneQueue(EVENTS, laneOf(EVENTS, KEY)), (message) => {
    if (message === null) return;
    arrived.push(message);
    channel.ack(message);
  });
}

function dedupKeyOf({ content }: ConsumeMessage): string {
  return (JSON.parse(content.toString()) as { dedup_key: string }).dedup_key;
}

function haveArrived(sent: readonly string[]): Promise<boolean> {
  return waitUntil(
    () => {
      const keys = new Set(arrived.map(dedupKeyOf));
      return sent.every((key) => keys.has(key));
    },
    { what: `all ${sent.length} events that were answered 202 to arrive` },
  );
}

it('is connected to the broker when it begins to listen: full load would fill the spool otherwise', async () => {
  const stateFolder = await mkdtemp(path.join(tmpdir(), 'gateway-'));
  const port = await freePort();
  const starting = createApp(
    readConfiguration(variables, {
      PDAGENTD_AMQP_URL: amqpUrl,
      PDAGENTD_HTTP_PORT: String(port),
      PDAGENTD_HTTPS_PORT: '0',
      PDAGENTD_STATE_DIR: stateFolder,
    }),
    { logger: recordingLogger([]), metrics: new Registry() },
  );
  await starting.start();
  expect(starting.readiness().checks).toMatchObject({ mode: 'direct' });
  await starting.stop();
  await rm(stateFolder, { recursive: true, force: true });
});

it('stores an event durably on its lane before it answers 202, with everything that delivery needs', async () => {
  const body = JSON.stringify({ routing_key: KEY, event_action: 'resolve', dedup_key: 'a', client: 'é🔥' });
  expect(await post('/v2/enqueue', body)).toBe(202);
  expect(await post(`/integration/${KEY}/enqueue`, 'a=b', { 'content-type': 'text/odd', 'x-event-key': 'v' })).toBe(
    202,
  );
  await waitUntil(() => arrived.length >= 2, { what: 'both events to arrive' });
  const [first, second, ...others] = arrived;
  expect(others).toEqual([]);
  expect(first?.content.toString()).toBe(body);
  expect(first?.properties).toMatchObject({
    type: 'v2',
    deliveryMode: 2,
    contentType: 'application/json',
    headers: { routing_key: KEY, order_key: `${KEY}:a` },
  });
  expect(second?.properties).toMatchObject({
    type: 'integration',
    contentType: 'text/odd',
    headers: { routing_key: KEY, order_key: KEY, forward: { 'x-event-key': 'v' } },
  });
});

it('loses nothing that it answered 202 while the broker is disconnected repeatedly, and refuses nothing', async () => {
  const accepted: string[] = [];
  let isCutting = true;
  const cuts = (async () => {
    for (let count = 0; count < 5; count += 1) {
      const before = accepted.length;
      await waitUntil(() => accepted.length >= before + 20, { what: 'events between two cuts', intervalMs: 5 });
      proxy.cut();
    }
    isCutting = false;
  })();
  const sender = async (name: number): Promise<void> => {
    for (let count = 0; isCutting; count += 1) {
      const dedup_key = `${name}-${count}`;
      expect(await post('/v2/enqueue', event(dedup_key))).toBe(202);
      accepted.push(dedup_key);
    }
  };
  await Promise.all([cuts, ...Array.from({ length: 8 }, (_, name) => sender(name))]);
  await haveArrived(accepted);
});

it('stays ready while the broker is unreachable, spools events, and publishes them in order once it is reachable', async () => {
  await proxy.inject({ kind: 'down' });
  await waitUntil(() => checks().broker === 'unreachable', { what: 'the loss to be detected' });
  expect(app.readiness()).toEqual({ ready: true, checks: { broker: 'unreachable', spool: 'usable', mode: 'spool' } });
  const sent = Array.from({ length: 20 }, (_, count) => `away-${count}`);
  for (const dedup_key of sent) expect(await post(`/integration/${KEY}/enqueue`, event(dedup_key))).toBe(202);
  expect(await metric('pdaltagent_gateway_spool_entries')).toBe(20);
  expect(await metric('pdaltagent_gateway_spool_bytes')).toBeGreaterThan(20 * event('').length);
  await proxy.heal();
  await isDirect();
  expect(await metric('pdaltagent_gateway_spool_entries')).toBe(0);
  await haveArrived(sent);
  expect(arrived.map(dedupKeyOf)).toEqual(sent);
  expect(arrived.map(({ properties }) => (properties.headers as { again?: boolean }).again)).toEqual(
    sent.map(() => true),
  );
});

it('spools what the broker does not confirm in time, and publishes directly again once it does', async () => {
  await isDirect();
  await proxy.inject({ kind: 'black-hole' });
  expect(await post('/v2/enqueue', event('slow'))).toBe(202);
  expect(checks()).toMatchObject({ mode: 'spool' });
  await proxy.heal();
  await isDirect();
  await haveArrived(['slow']);
});

it('spools what is returned because a queue was deleted, and publishes it once the queue exists again', async () => {
  await isDirect();
  await connection.close();
  const otherClient = await connectToBroker(amqpUrl);
  await (await otherClient.createChannel()).deleteQueue(laneQueue(EVENTS, laneOf(EVENTS, KEY)));
  await otherClient.close();
  expect(await post('/v2/enqueue', event('returned'))).toBe(202);
  await isDirect();
  await consumeLane();
  await haveArrived(['returned']);
});

it('logs each change of mode in one line', async () => {
  await isDirect();
  log.length = 0;
  await proxy.inject({ kind: 'down' });
  for (let count = 0; count < 3; count += 1) await post('/v2/enqueue', event(`line-${count}`));
  await proxy.heal();
  await isDirect();
  expect(log.filter(({ message }) => message.startsWith('events go'))).toEqual([
    { level: 'warn', message: 'events go to the spool', fields: { cause: 'away' } },
    { level: 'info', message: 'events go directly to the broker', fields: {} },
  ]);
});
