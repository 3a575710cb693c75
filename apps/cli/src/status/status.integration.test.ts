import { type Outcome } from '@pdaltagent/delivery';
import { EVENTS, laneKey, laneOf, laneQueue, LaneWorker } from '@pdaltagent/messaging';
import { DeliveredMarkers, LaneClaims, Store } from '@pdaltagent/store';
import { FaultProxy, testServers, type TestServers, waitUntil } from '@pdaltagent/testing';
import { createServer, type Server } from 'node:http';
import { declareTopologies, KEY, publishDeadLetters, publishEvents, purgeQueues, runCli } from '../cli.fixture';
import { type CheckResult } from './check-result';

let servers: TestServers;
let pagerDuty: Server;
let base: string;
let metrics = '';
const log = { info: () => undefined, warn: () => undefined, error: () => undefined };

beforeAll(async () => {
  servers = await testServers();
  pagerDuty = createServer(({ url, headers }, response) => {
    if (url === '/metrics') return response.end(metrics);
    if (url === '/protected/metrics')
      return headers.authorization === 'Bearer 0123456789abcdef'
        ? response.end(metrics)
        : response.writeHead(401).end('Authorization is required');
    if (url?.startsWith('/denied/'))
      return response.writeHead(403, { server: 'squid' }).end('<html>Access denied</html>');
    if (url !== '/abilities') return response.writeHead(405).end();
    return response.writeHead(headers.authorization === 'Token token=right' ? 200 : 401).end('{}');
  });
  await new Promise<void>((resolve) => pagerDuty.listen(0, '127.0.0.1', resolve));
  const address = pagerDuty.address();
  base = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
});
afterAll(() => {
  pagerDuty.closeAllConnections();
  return new Promise((resolve) => pagerDuty.close(resolve));
});

const environment = (more: Record<string, string> = {}) => ({
  PDAGENTD_AMQP_URL: servers.amqpUrl,
  PDAGENTD_REDIS_URL: servers.redisUrl,
  PDAGENTD_EVENTS_BASE_URL: base,
  PDAGENTD_API_BASE_URL: base,
  PDAGENTD_API_TOKEN: 'right',
  ...more,
});

async function status(more: Record<string, string> = {}, words: readonly string[] = []) {
  const { code, out } = await runCli(['status', '--json', ...words], environment(more));
  const { ok, findings: results } = JSON.parse(out) as { ok: boolean; findings: CheckResult[] };
  expect(ok).toBe(code === 0);
  return { code, of: (subject: string) => results.find((result) => result.subject === subject) };
}

const trace = (...words: string[]) => runCli(['trace', ...words], environment());

describe('status before any service was started', () => {
  it('says what to start', async () => {
    const { code, of } = await status();
    expect(code).toBe(1);
    expect(of('broker')).toMatchObject({ state: 'fine', detail: expect.stringMatching(/^RabbitMQ \d/) as string });
    expect(of('events')).toMatchObject({ state: 'attention', advice: expect.stringContaining('start') as string });
    expect(of('webhooks')?.state).toBe('off');
  });
});

describe('status of a running system', () => {
  let worker: LaneWorker;
  let store: Store;
  let outcome: Outcome = { kind: 'delivered', status: 202 };

  beforeAll(async () => {
    await declareTopologies(servers.amqpUrl);
    store = new Store({ url: servers.redisUrl, name: 'test', log });
    store.start();
    await waitUntil(() => store.state() === 'connected', { what: 'Redis' });
    worker = new LaneWorker({
      url: servers.amqpUrl,
      name: 'test',
      laneGroup: EVENTS,
      queueType: 'quorum',
      concurrency: 4,
      maximumAgeMs: 1e9,
      poisonAfterMs: 1e9,
      deliver: () => Promise.resolve(outcome),
      markers: new DeliveredMarkers(store, 60),
      claims: new LaneClaims(store),
      observer: {
        onAttempted: () => undefined,
        onInterrupted: () => undefined,
        onDelivered: () => undefined,
        onDuplicateDropped: () => undefined,
        onDeadLettered: () => undefined,
      },
      log,
    });
    worker.start();
    await waitUntil(() => worker.lanes === EVENTS.lanes, { what: 'the worker to take every lane' });
  });
  beforeEach(() => purgeQueues(servers.amqpUrl));
  afterAll(async () => {
    await worker.stop();
    store.close();
  });

  it('is fine if nothing needs attention', async () => {
    await waitUntil(async () => (await status()).of('events lanes')?.state === 'fine', { what: 'every lane' });
    const { code, of } = await status();
    expect(code).toBe(0);
    expect(of('events parked')).toBeUndefined();
    expect(of('events lanes')).toMatchObject({
      state: 'fine',
      detail: '1 delivery-worker heard; every lane has a worker',
    });
    expect(of('events waiting')?.state).toBe('fine');
    expect(of('webhooks lanes')?.state).toBe('off');
    expect(of('redis')?.state).toBe('fine');
    expect(of('pagerduty')).toMatchObject({ state: 'fine', detail: `${base} answers directly` });
    expect(of('token')?.state).toBe('fine');
    expect(of('dead events')?.state).toBe('fine');
  });

  it('shows parked keys, which do not make it fail', async () => {
    outcome = { kind: 'throttled', status: 429, retryAfterMs: 1_000 };
    await publishEvents(servers.amqpUrl, 2 * EVENTS.prefetch);
    await waitUntil(() => worker.parkedKeys === 1, { what: 'the key to be parked' });
    const lane = laneKey(laneOf(EVENTS, KEY));
    const parked = () => status().then(({ code, of }) => code === 0 && of('events parked'));
    const { state, detail } = await waitUntil(parked, { what: 'the worker to announce it' });
    expect(state).toBe('note');
    expect(detail).toMatch(new RegExp(`^1 key is parked on sidings of lanes ${lane}, with \\d+ waiting$`));
    const { out } = await trace('alert', '--key', KEY, '--json');
    expect(JSON.parse(out)).toMatchObject({ lane: { lane, parked_keys: 1, sidings_in_use: 1 } });
    outcome = { kind: 'delivered', status: 202 };
    await waitUntil(() => worker.parkedKeys === 0, { what: 'the key to return' });
  });

  it('shows dead letters by reason, and what to do', async () => {
    await publishDeadLetters(servers.amqpUrl, EVENTS, [
      { id: 'm1' },
      { id: 'm2' },
      { id: 'm3', headers: { dead_reason: 'expired', dead_status: undefined } },
    ]);
    const { code, of } = await status();
    expect(code).toBe(1);
    expect(of('dead events')).toMatchObject({
      state: 'attention',
      detail: '3 (2 rejected with 400, 1 expired), oldest accepted 10 min ago',
      advice: expect.stringContaining('replay') as string,
    });
    const { out } = await runCli(['status'], environment());
    expect(out).toMatch(/^dead events +ATTENTION +3 \(.*\n +-> list them with pdaltagent dead-letters list/m);
  });

  it('detects an invalid token and an unreachable PagerDuty', async () => {
    const { of } = await status({ PDAGENTD_API_TOKEN: 'wrong-secret', PDAGENTD_EVENTS_BASE_URL: 'http://127.0.0.1:1' });
    expect(of('token')).toMatchObject({ state: 'attention', detail: `${base} rejects it (401)` });
    expect(of('pagerduty')).toMatchObject({
      state: 'attention',
      detail: expect.stringContaining('is unreachable directly: refused') as string,
    });
  });

  it('does not take a firewall’s "access denied" for PagerDuty', async () => {
    const { code, of } = await status({ PDAGENTD_EVENTS_BASE_URL: `${base}/denied` });
    expect(code).toBe(1);
    expect(of('pagerduty')).toMatchObject({
      state: 'attention',
      detail: `${base}/denied answers directly with 403`,
      advice: expect.stringContaining('not PagerDuty’s') as string,
    });
  });

  it('shows what it cannot know in the environment of another service, without failing', async () => {
    // Makes the default unreachable.
    process.env.HTTPS_PROXY = 'http://127.0.0.1:1';
    try {
      const { code, of } = await status({ PDAGENTD_API_TOKEN: '', PDAGENTD_EVENTS_BASE_URL: '' });
      expect(code).toBe(0);
      expect(of('token')).toMatchObject({
        state: 'off',
        detail: expect.stringMatching(/^not known here: PDAGENTD_API_TOKEN is not set/) as string,
      });
      expect(of('pagerduty')).toMatchObject({
        state: 'note',
        detail: expect.stringMatching(/^not configured here \(PDAGENTD_EVENTS_BASE_URL is not set\)/) as string,
      });
    } finally {
      delete process.env.HTTPS_PROXY;
    }
  });

  it('detects a proxy that refuses requests', async () => {
    const proxy = createServer().on('connect', (_request, socket) => socket.end('HTTP/1.1 407 No\r\n\r\n'));
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const address = proxy.address();
    const host = `127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
    process.env.HTTP_PROXY = `http://user:s3cret@${host}`;
    try {
      const { of } = await status({ PDAGENTD_EVENTS_BASE_URL: 'http://events.example' });
      expect(of('pagerduty')).toMatchObject({
        state: 'attention',
        detail: expect.stringContaining(`is unreachable through the proxy ${host}: proxy`) as string,
      });
      expect(of('proxy')).toMatchObject({ state: 'attention', detail: `${host} is in use and refuses requests` });
    } finally {
      delete process.env.HTTP_PROXY;
      proxy.close();
    }
  });

  it('queries the workers passed with --worker', async () => {
    metrics =
      'pdaltagent_lanes 32\npdaltagent_held 7\npdaltagent_oldest_held_seconds 90\npdaltagent_throttled_keys 1\n';
    expect((await status({}, ['--worker', base])).of('worker')).toMatchObject({
      state: 'note',
      detail: `${base} has 32 lanes; holds 7, the oldest for 1 min; 1 throttled key`,
    });
    expect((await status({}, ['--worker', 'http://127.0.0.1:1'])).of('worker')?.state).toBe('attention');
    const words = ['--worker', `${base}/protected`];
    expect((await status({}, words)).of('worker')).toMatchObject({
      state: 'attention',
      advice: 'set PDAGENTD_METRICS_TOKEN to the token of this worker',
    });
    expect((await status({ PDAGENTD_METRICS_TOKEN: '0123456789abcdef' }, words)).of('worker')?.state).toBe('note');
  });

  it('does not mistake a network’s login page for PagerDuty or a worker', async () => {
    const portal = createServer((_request, response) => response.end('<html>Please log in</html>'));
    await new Promise<void>((resolve) => portal.listen(0, '127.0.0.1', resolve));
    const address = portal.address();
    const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
    try {
      const variables = { PDAGENTD_EVENTS_BASE_URL: url, PDAGENTD_API_BASE_URL: url };
      const { code, of } = await status(variables, ['--worker', url]);
      expect(code).toBe(1);
      expect(of('pagerduty')).toMatchObject({ state: 'attention', detail: `${url} answers directly with 200` });
      expect(of('token')).toMatchObject({
        state: 'attention',
        detail: `${url} answers 200, but is not PagerDuty`,
      });
      expect(of('worker')?.detail).toContain('it answers 200, but is not a delivery-worker');
    } finally {
      portal.closeAllConnections();
      portal.close();
    }
  });

  it('reports a broker and a Redis that do not respond, without waiting for long', async () => {
    const [broker, redis] = [await FaultProxy.start(servers.amqpUrl), await FaultProxy.start(servers.redisUrl)];
    for (const proxy of [broker, redis]) await proxy.inject({ kind: 'black-hole' });
    const { code, of } = await status({
      PDAGENTD_AMQP_URL: broker.url(servers.amqpUrl),
      PDAGENTD_REDIS_URL: redis.url(servers.redisUrl),
    });
    expect(code).toBe(1);
    expect(of('broker')).toMatchObject({
      state: 'attention',
      detail: 'the broker is unreachable: no reply within 4 s',
    });
    expect(of('redis')).toMatchObject({
      state: 'attention',
      detail: expect.stringMatching(/^unreachable/) as string,
    });
    expect(of('token')?.state).toBe('fine');
    await Promise.all([broker.stop(), redis.stop()]);
  });

  it('detects lanes without a worker', async () => {
    await worker.stop();
    expect((await status()).of('events lanes')).toMatchObject({
      state: 'attention',
      detail: '0 delivery-workers heard; no lane has a worker',
      advice: expect.stringContaining('start a delivery-worker') as string,
    });
  });

  it('traces delivered events and dead letters, and reports unknown ones', async () => {
    const id = '017f22e2-79b0-7cc3-98c4-dc0c0c07398f';
    await new DeliveredMarkers(store, 60).mark(id);
    expect(await trace(id)).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^accepted at 2022-02-22T19:22:22Z, .*\ndelivered, /) as string,
    });
    await publishDeadLetters(servers.amqpUrl, EVENTS, [{ id: 'm1' }, { id: 'm2', alert: 'other' }]);
    const dead = await trace('db1/disk');
    expect(dead.code).toBe(0);
    const lane = laneQueue(EVENTS, laneOf(EVENTS, KEY)).slice(-2);
    expect(dead.out.split('\n')).toEqual([
      expect.stringMatching(/^dead letter m1 \(events\): trigger of db1\/disk, rejected with 400, 2 attempts/),
      `key …d1a6 has lane ${lane} of events: 0 waiting; it has no worker`,
      expect.stringMatching(/^no history: RabbitMQ has no stream 'pdaltagent.journal' yet/),
      '',
    ]);
    const unknown = await trace('nobody', '--json', '--key', KEY);
    expect(unknown.code).toBe(1);
    expect(JSON.parse(unknown.out)).toMatchObject({
      found: false,
      delivered: 'not remembered',
      dead_letters: [],
      lane: { lane, key: '…d1a6', waiting: 0, has_worker: false },
    });
    expect((await trace('nobody')).out).toContain('not a dead letter');
  });
});
