import { type Outcome } from '@pdaltagent/delivery';
import {
  AlertProgress,
  type AlertProgressStore as Alerts,
  createLaneMetrics,
  EVENTS,
  laneKey,
  laneOf,
  LaneWorker,
  type OutgoingMessage,
  toProperties,
} from '@pdaltagent/messaging';
import { BrokerClient, Sender } from '@pdaltagent/operations';
import { nameDigest } from '@pdaltagent/service';
import { DeadLetteredAlerts, LaneClaims, Store } from '@pdaltagent/store';
import { freePort, testServers, type TestServers, waitUntil } from '@pdaltagent/testing';
import { Registry } from 'prom-client';
import { declareTopologies, KEY, NOW, purgeQueues, runCli, waitingInLane } from '../cli.fixture';

const DIGEST_SECRET = 'secret of these tests';
const REFUSED: Outcome = { kind: 'rejected', status: 400, response: 'no' };
const DELIVERED: Outcome = { kind: 'delivered', status: 202 };
const UNREACHABLE: Outcome = {
  kind: 'failed',
  reason: 'server-error',
  scope: 'destination',
  status: 503,
  detail: '',
  retryAfterMs: 30_000,
};
const log = { info: () => undefined, warn: () => undefined, error: () => undefined };

let servers: TestServers;
let store: Store;
const stops: (() => Promise<void>)[] = [];

beforeAll(async () => {
  servers = await testServers();
  await declareTopologies(servers.amqpUrl);
  store = new Store({ url: servers.redisUrl, name: 'test', log });
  store.start();
  await waitUntil(() => store.state() === 'connected', { what: 'Redis' });
});
beforeEach(async () => {
  await purgeQueues(servers.amqpUrl);
  await store.run((redis) => redis.flushdb());
});
afterEach(() => stopWorkers());
afterAll(() => store.close());

const deadLetters = (words: string, redisUrl = servers.redisUrl) =>
  runCli(['dead-letters', ...words.split(' ')], {
    PDAGENTD_AMQP_URL: servers.amqpUrl,
    PDAGENTD_REDIS_URL: redisUrl,
    PDAGENTD_DIGEST_SECRET: DIGEST_SECRET,
  });

interface Worker {
  readonly worker: LaneWorker;
  readonly done: string[];
}

/** A worker as in delivery-worker, with outcomes from the test. */
function startWorker(
  respond: (message: OutgoingMessage) => Outcome,
  alerts: Alerts = new DeadLetteredAlerts(store, 'events'),
): Worker {
  const alertProgress = new AlertProgress(alerts, nameDigest({ digestSecret: DIGEST_SECRET }));
  const done: string[] = [];
  const worker = new LaneWorker({
    url: servers.amqpUrl,
    name: 'test',
    laneGroup: EVENTS,
    queueType: 'quorum',
    concurrency: 8,
    maximumAgeMs: Number.MAX_SAFE_INTEGER,
    poisonAfterMs: Number.MAX_SAFE_INTEGER,
    deliver: (message) => Promise.resolve(respond(message)),
    markers: { has: () => Promise.resolve(new Set()), mark: () => Promise.resolve() },
    claims: new LaneClaims(store),
    observer: alertProgress.observe({
      ...createLaneMetrics(new Registry(), { prefix: 'test', what: 'Events' }),
      onDelivered: ({ id }) => done.push(id),
      onDeadLettered: (_reason, message) => done.push(message?.id ?? '?'),
    }),
    prepare: () => alertProgress.prepare(),
    log,
  });
  alertProgress.start();
  worker.start();
  stops.push(async () => {
    await worker.stop();
    await alertProgress.stop();
  });
  return { worker, done };
}

async function stopWorkers(): Promise<void> {
  for (const stop of stops.splice(0)) await stop();
}

/** Sends events as a gateway does, accepted one second apart. */
async function send(...events: readonly { id: string; action: string; alert?: string }[]): Promise<void> {
  const client = await BrokerClient.open({ url: servers.amqpUrl, name: 'test' });
  const sender = await Sender.open(client);
  for (const { id, action, alert = 'db1' } of events) {
    const body = Buffer.from(JSON.stringify({ routing_key: KEY, event_action: action, dedup_key: alert }));
    const receivedAt = NOW - 600_000 + 1_000 * Number(id.slice(1));
    const properties = toProperties({
      id,
      type: 'v2',
      routingKey: KEY,
      orderKey: `${KEY}:${alert}`,
      body,
      contentType: 'application/json',
      receivedAt,
    });
    await sender.send(EVENTS.exchange, laneKey(laneOf(EVENTS, KEY)), body, properties);
  }
  await client.close();
}

const isDone = ({ done }: Worker, id: string) => waitUntil(() => done.includes(id), { what: `the end of ${id}` });
const refusing = (...ids: readonly string[]) => {
  const respond = ({ id }: OutgoingMessage): Outcome => (ids.includes(id) ? REFUSED : DELIVERED);
  return respond;
};
async function latestDeliveries(): Promise<unknown[]> {
  const { out } = await deadLetters('list --json');
  return (JSON.parse(out) as { went_on: unknown }[]).map(({ went_on }) => went_on);
}

it('a trigger whose resolve was delivered since is skipped unless --superseded is given', async () => {
  const worker = startWorker(refusing('e1'));
  await send({ id: 'e1', action: 'trigger' }, { id: 'e2', action: 'resolve' });
  await isDone(worker, 'e2');
  await stopWorkers();
  const { code, out, error } = await deadLetters('replay e1');
  expect(code).toBe(1);
  expect(out).toMatch(/trigger .* e1 +skipped: superseded; the alert has progressed: resolve delivered at 2\S+Z\n/);
  expect(error).toContain('1 dead letter would undo later progress of the alert: skipped (--superseded sends them)');
  expect(await latestDeliveries()).toEqual([
    { known: true, action: 'resolve', delivered_at: expect.stringMatching(/^2\S+Z$/) as string },
  ]);
  expect((await deadLetters('list')).out).toMatch(/ db1 +resolve +no\n/);
  expect((await deadLetters('show e1')).out).toMatch(/progress: +resolve 2\S+Z\n/);
  expect(JSON.parse((await deadLetters('show e1 --json')).out)).toMatchObject({ went_on: { action: 'resolve' } });
  expect(await deadLetters('replay e1 --superseded')).toMatchObject({
    code: 0,
    out: expect.stringMatching(/e1 +the alert has progressed: resolve delivered/) as string,
    error: '1 of 1 dead letter replayed\n',
  });
  expect(await waitingInLane(servers.amqpUrl)).toBe(1);
});

it('a resolve is skipped if the alert was triggered again since, and sent if it was resolved since', async () => {
  const worker = startWorker(refusing('e1', 'e3'));
  await send({ id: 'e1', action: 'resolve' }, { id: 'e2', action: 'trigger' });
  await send({ id: 'e3', action: 'resolve', alert: 'db2' }, { id: 'e4', action: 'resolve', alert: 'db2' });
  await isDone(worker, 'e4');
  await isDone(worker, 'e2');
  await stopWorkers();
  const { out } = await deadLetters('replay --all');
  expect(out).toMatch(/e1 +skipped: superseded; the alert has progressed: trigger delivered/);
  expect(out).toMatch(/e3 +the alert has progressed: resolve delivered/);
});

it('nothing is noted for an alert without progress, whatever was delivered of another alert', async () => {
  const worker = startWorker(refusing('e2'));
  await send({ id: 'e1', action: 'trigger' }, { id: 'e2', action: 'resolve' });
  await send({ id: 'e3', action: 'trigger', alert: 'db2' });
  await isDone(worker, 'e3');
  await isDone(worker, 'e2');
  await stopWorkers();
  expect(await latestDeliveries()).toEqual([{ known: true, action: null, delivered_at: null }]);
  expect((await deadLetters('replay e2')).out).toMatch(/resolve .* e2\n/);
});

it('a worker that takes over a lane knows the dead letters of its predecessor', async () => {
  const first = startWorker(refusing('e1'));
  await send({ id: 'e1', action: 'trigger' });
  await isDone(first, 'e1');
  await stopWorkers();
  const second = startWorker(() => DELIVERED);
  await send({ id: 'e2', action: 'resolve' });
  await isDone(second, 'e2');
  await stopWorkers();
  expect(await latestDeliveries()).toEqual([expect.objectContaining({ known: true, action: 'resolve' })]);
});

it('events of the alert that a worker holds count as progress', async () => {
  const worker = startWorker(({ id }) => (id === 'e1' ? REFUSED : UNREACHABLE));
  await send({ id: 'e1', action: 'trigger' });
  await isDone(worker, 'e1');
  await send({ id: 'e2', action: 'resolve' });
  await waitUntil(() => worker.worker.dispatcher.held === 1, { what: 'the resolve to be held' });
  const { code, out } = await deadLetters('replay e1');
  expect(code).toBe(1);
  expect(out).toMatch(/e1 +skipped: superseded; a worker holds, and sends first, of the same alert: resolve\n/);
});

it('progress is unknown if Redis is unreachable or has no record of the alert', async () => {
  const unreachableRedis = `redis://127.0.0.1:${await freePort()}`;
  const worker = startWorker(refusing('e1'), new DeadLetteredAlerts(unreachable(unreachableRedis), 'events'));
  await send({ id: 'e1', action: 'trigger' }, { id: 'e2', action: 'resolve' });
  await isDone(worker, 'e2');
  await stopWorkers();
  expect(await latestDeliveries()).toEqual([{ known: false, action: null, delivered_at: null }]);
  const { out, error } = await deadLetters('list', unreachableRedis);
  expect(error).toBe('Redis is unreachable: later progress of alerts is unknown\n1 dead letter\n');
  expect(out).toMatch(/ db1 +unknown +no\n/);
  expect(await deadLetters('replay e1', unreachableRedis)).toMatchObject({
    code: 0,
    out: expect.stringMatching(/e1 +later progress of the alert is unknown\n/) as string,
  });
});

it('dead letters from while Redis was unreachable are recorded once it is back', async () => {
  const port = await freePort();
  let reachable = unreachable(`redis://127.0.0.1:${port}`);
  const alerts: Alerts = {
    remember: (...facts) => new DeadLetteredAlerts(reachable, 'events').remember(...facts),
    recordDelivery: (...facts) => new DeadLetteredAlerts(reachable, 'events').recordDelivery(...facts),
    rememberedSince: (since) => new DeadLetteredAlerts(reachable, 'events').rememberedSince(since),
    recordGap: (at) => new DeadLetteredAlerts(reachable, 'events').recordGap(at),
  };
  const worker = startWorker(refusing('e1'), alerts);
  await send({ id: 'e1', action: 'trigger' }, { id: 'e2', action: 'resolve' });
  await isDone(worker, 'e2');
  reachable = store;
  await waitUntil(async () => (await new DeadLetteredAlerts(store, 'events').all()).gapUntil > 0, {
    what: 'the delivery to be recorded',
  });
  expect(await latestDeliveries()).toEqual([expect.objectContaining({ known: true, action: 'resolve' })]);
});

it('no routing key is written to Redis in plain text', async () => {
  const worker = startWorker(refusing('e1'));
  await send({ id: 'e1', action: 'trigger' }, { id: 'e2', action: 'resolve' });
  await isDone(worker, 'e2');
  await stopWorkers();
  const facts = await store.run((redis) => redis.hgetall('pdaltagent:dead-alerts:events:facts'));
  const names = await store.run((redis) => redis.zrange('pdaltagent:dead-alerts:events', '0', '-1'));
  expect(names).toEqual([expect.stringMatching(/^[0-9a-f]{32}$/)]);
  expect(Object.keys(facts)).toEqual(names);
  expect(JSON.stringify(facts)).not.toContain(KEY);
});

function unreachable(url: string): Store {
  const other = new Store({ url, name: 'test', log });
  other.start();
  stops.push(() => Promise.resolve(other.close()));
  return other;
}
