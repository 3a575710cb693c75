import { fromDelivery, type IncomingMessage, laneQueue, WEBHOOKS } from '@pdaltagent/messaging';
import { PausedDestinations, Store } from '@pdaltagent/store';
import { LogEntriesServer, testServers, type TestServers, waitUntil } from '@pdaltagent/testing';
import { deliveryIdOf, signatureOf } from '@pdaltagent/webhooks';
import { connect } from 'amqplib';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { command, declareAll } from '../cli.fixture';

let servers: TestServers;
let folder: string;
let receiver: Server;
let status: number;
const received: { headers: IncomingHttpHeaders; body: Buffer }[] = [];
let log: LogEntriesServer;
let store: Store;
let paused: PausedDestinations;
let environment: Record<string, string>;

beforeAll(async () => {
  servers = await testServers();
  await declareAll(servers.amqpUrl);
  folder = mkdtempSync(path.join(tmpdir(), 'webhooks-'));
  receiver = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      received.push({ headers: request.headers, body: Buffer.concat(chunks) });
      response.writeHead(status).end('an answer\u001b[31m');
    });
  }).listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  log = new LogEntriesServer();
  await log.start();
  const silent = { info: () => undefined, warn: () => undefined };
  store = new Store({ url: servers.redisUrl, name: 'test', log: silent });
  store.start();
  await waitUntil(() => store.state() === 'connected', { what: 'Redis to be connected' });
  paused = new PausedDestinations(store);
});
beforeEach(async () => {
  status = 202;
  received.length = 0;
  log.entries.length = 0;
  for (const name of (await paused.all()).keys()) await paused.resume(name);
  const { port } = receiver.address() as AddressInfo;
  const file = path.join(folder, 'webhooks.yaml');
  writeFileSync(path.join(folder, 'secret'), 's3cret\n');
  writeFileSync(
    file,
    `
destinations:
  - name: tickets
    url: http://127.0.0.1:${port}/tickets?token=hidden
    format: v3
    secrets: [{ file: secret }]
    headers: { X-Api-Key: k1 }
  - name: chat
    url: http://127.0.0.1:${port}/chat
    filters: { services: [S1] }
  - name: metadata
    url: http://169.254.169.254/latest
`,
  );
  environment = {
    PDAGENTD_AMQP_URL: servers.amqpUrl,
    PDAGENTD_REDIS_URL: servers.redisUrl,
    PDAGENTD_WEBHOOKS_FILE: file,
    PDAGENTD_API_TOKEN: 'y_NbAkKc66ryYTWUXYEu',
    PDAGENTD_API_BASE_URL: log.url,
  };
});
afterAll(async () => {
  store.close();
  receiver.closeAllConnections();
  receiver.close();
  await Promise.all([log.stop(), once(receiver, 'close')]);
  rmSync(folder, { recursive: true });
});

const webhooks = (words: string, more: Record<string, string> = {}) =>
  command(['webhooks', ...words.split(' ')], { ...environment, ...more });

/** Takes what comes off the lanes of webhooks, as a sender would, once what was there before is gone. */
async function openLanes(messages: IncomingMessage[]): Promise<() => Promise<void>> {
  const connection = await connect(servers.amqpUrl);
  const channel = await connection.createChannel();
  for (let lane = 0; lane < WEBHOOKS.lanes; lane += 1) {
    await channel.purgeQueue(laneQueue(WEBHOOKS, lane));
    await channel.consume(laneQueue(WEBHOOKS, lane), (delivery) => {
      if (delivery === null) return;
      const parsed = fromDelivery(delivery);
      if (parsed.kind === 'message') messages.push(parsed.message);
      channel.ack(delivery);
    });
  }
  return () => connection.close();
}

describe('webhooks list', () => {
  it('shows names, formats, filters and what is paused, and no secret', async () => {
    await paused.pause('chat', Date.UTC(2026, 2, 1));
    const { code, out } = await webhooks('list');
    expect(code).toBe(0);
    expect(out).toMatch(/^tickets +v3 +active +http:\/\/127\.0\.0\.1:\d+\/tickets$/m);
    expect(out).toMatch(/^chat +v2 +PAUSED since 2026-03-01T00:00:00Z +http.*\/chat$/m);
    expect(out).toContain('only services S1');
    expect(out).not.toContain('hidden');
    expect(JSON.parse((await webhooks('list --json')).out)).toHaveLength(3);
  });

  it('says what is wrong with the file and ends with 78; without destinations with 1', async () => {
    writeFileSync(path.join(folder, 'bad.yaml'), 'destinations: [{ name: a }]');
    const bad = await webhooks('list', { PDAGENTD_WEBHOOKS_FILE: path.join(folder, 'bad.yaml') });
    expect(bad.code).toBe(78);
    expect(bad.error).toContain('line 1, destinations[0].url: wants');
    const none = await webhooks('list', { PDAGENTD_WEBHOOKS_FILE: '' });
    expect(none).toMatchObject({ code: 1, error: expect.stringContaining('there are no destinations') as string });
  });
});

describe('webhooks test', () => {
  it('sends PagerDuty’s ping as the sender would and tells status, time and answer', async () => {
    const { code, out } = await webhooks('test tickets');
    expect({ code, out }).toEqual({
      code: 0,
      out: expect.stringMatching(/^tickets: status 202 after \d+ ms: taken\nanswer: an answer \[31m\n$/) as string,
    });
    const [request] = received;
    expect(JSON.parse(String(request?.body))).toEqual({
      event: {
        id: expect.stringMatching(/^[0-9A-Z]{26}$/) as string,
        event_type: 'pagey.ping',
        resource_type: 'pagey',
        occurred_at: expect.any(String) as string,
        agent: null,
        client: null,
        data: { message: 'Hello from your friend Pagey!', type: 'ping' },
      },
    });
    expect(request?.headers).toMatchObject({
      'user-agent': 'PagerDuty-Webhook/V3.0',
      'x-api-key': 'k1',
      'x-pagerduty-signature': signatureOf(request?.body ?? Buffer.from(''), ['s3cret']),
      'x-webhook-subscription': expect.stringMatching(/^P/) as string,
    });
  });

  it.each([
    [503, 'would be tried again'],
    [404, 'would become a dead letter'],
    [410, 'would pause this destination'],
  ])('ends with 1 where the destination answers %d and tells what that would mean', async (answered, meaning) => {
    status = answered;
    const { code, out } = await webhooks('test chat');
    expect(code).toBe(1);
    expect(out).toContain(`status ${answered}`);
    expect(out).toContain(meaning);
    expect((await paused.all()).size).toBe(0);
  });

  it('refuses what the sender refuses', async () => {
    const { code, out } = await webhooks('test metadata --json');
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ ok: false, fault: 'forbidden-address' });
  });

  it('names the destinations there are where it does not know one', async () => {
    const { code, error } = await webhooks('test nobody');
    expect({ code, error }).toEqual({
      code: 1,
      error: 'pdaltagent: there is no destination nobody; there are: tickets, chat, metadata\n',
    });
  });

  it('knows the destination of a bare URL by its name, with secret and format of the environment', async () => {
    const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/bare`;
    const more = {
      ...{ PDAGENTD_WEBHOOKS_FILE: '', PDAGENTD_WEBHOOK_DEST_URL: url },
      ...{ PDAGENTD_WEBHOOK_SECRET: 'other', PDAGENTD_WEBHOOK_FORMAT: 'v3' },
    };
    const [{ name }] = JSON.parse((await webhooks('list --json', more)).out) as [{ name: string }];
    expect((await webhooks(`test ${name}`, more)).code).toBe(0);
    const body = received[0]?.body ?? Buffer.from('');
    expect(received[0]?.headers['x-pagerduty-signature']).toBe(signatureOf(body, ['other']));
    expect(body.toString()).toContain('"resource_type":"pagey"');
  });
});

describe('webhooks resume', () => {
  it('resumes a paused destination, of which status tells, and says so where it is not paused', async () => {
    await paused.pause('chat', Date.UTC(2026, 2, 1));
    const { out } = await command(['status'], environment);
    expect(out).toMatch(/webhooks +ATTENTION +chat is paused since 2026-03-01T00:00:00Z/);
    expect(out).toContain('pdaltagent webhooks resume chat');
    expect(await webhooks('resume chat')).toMatchObject({ code: 0, error: '' });
    expect((await paused.all()).size).toBe(0);
    expect(await webhooks('resume chat')).toMatchObject({
      code: 1,
      error: expect.stringContaining('not paused') as string,
    });
  });

  it('says that Redis is away', async () => {
    const { code, error } = await webhooks('resume chat', { PDAGENTD_REDIS_URL: 'redis://127.0.0.1:1' });
    expect(code).toBe(1);
    expect(error).toContain('Redis is away');
  });
});

describe('webhooks replay', () => {
  const since = new Date(Date.now() - 3_600_000).toISOString();
  const until = new Date(Date.now() + 60_000).toISOString();
  const span = `--since ${since} --until ${until}`;
  const messages: IncomingMessage[] = [];
  let close: () => Promise<void>;

  beforeEach(async () => {
    messages.length = 0;
    close = await openLanes(messages);
  });
  afterEach(() => close());
  const arrived = (count: number) => waitUntil(() => messages.length >= count, { what: `${count} on the lanes` });

  it('queues the webhooks of the time anew, oldest first, each with the ids of its first time', async () => {
    const entries = log.add(250, (index) => ({ service: { id: `S${index % 2}` }, incident: { id: 'I1' } }));
    const { code, out } = await webhooks(`replay ${span} --destination tickets chat`);
    expect({ code, out }).toEqual({
      code: 0,
      out: expect.stringMatching(/^250 log entries of .*: 375 webhooks queued for tickets, chat\n$/) as string,
    });
    await arrived(375);
    const of = (name: string) => messages.filter(({ routingKey }) => routingKey === name);
    expect([of('tickets').length, of('chat').length]).toEqual([250, 125]);
    const ids = entries.map(({ id }) => deliveryIdOf(id, 'tickets'));
    expect(of('tickets').map(({ forward }) => forward['X-Webhook-Id'])).toEqual(ids);
    expect(new Set(messages.map(({ id }) => id)).size).toBe(375);
    expect(messages.some(({ again }) => again)).toBe(false);
  });

  it('counts in a dry run without a broker', async () => {
    log.add(3);
    const { code, out } = await webhooks(`replay ${span} --destination tickets --dry-run`, {
      PDAGENTD_AMQP_URL: 'amqp://127.0.0.1:1',
    });
    expect({ code, out: out.trim() }).toEqual({
      code: 0,
      out: expect.stringContaining('3 webhooks would be sent to tickets') as string,
    });
  });

  it('takes personal data out where the log-poller does', async () => {
    log.add(1, () => ({ summary: 'call jane@example.com' }));
    await webhooks(`replay ${span} --destination chat`, { PDAGENTD_SCRUB_WEBHOOKS: 'true' });
    log.add(1, () => ({ summary: 'call jane@example.com', service: { id: 'S1' } }));
    await webhooks(`replay ${span} --destination tickets chat`, { PDAGENTD_SCRUB_WEBHOOKS: 'true' });
    await arrived(3);
    const bodies = messages.map(({ body }) => body.toString());
    expect(bodies).toHaveLength(3);
    expect(bodies.join()).not.toContain('jane@');
  });

  it('ends where the token is refused, and where a time or a destination is wrong', async () => {
    log.mishaps.push({ status: 401 });
    expect(await webhooks(`replay ${span} --destination chat`)).toMatchObject({
      code: 1,
      error: expect.stringContaining('PagerDuty refuses PDAGENTD_API_TOKEN (status 401)') as string,
    });
    expect((await webhooks('replay --since yesterday --destination chat')).code).toBe(2);
    expect((await webhooks(`replay --since ${until} --until ${since} --destination chat`)).code).toBe(2);
    expect((await webhooks(`replay ${span} --destination nobody`)).code).toBe(1);
    expect((await webhooks(`replay ${span}`)).code).toBe(2);
  });
});
