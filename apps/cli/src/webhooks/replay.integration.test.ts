import { declareTopology, fromDelivery, type IncomingMessage, laneQueue, WEBHOOKS } from '@pdaltagent/messaging';
import { connectToBroker, LogEntriesServer, testServers, type TestServers, waitUntil } from '@pdaltagent/testing';
import { deliveryIdOf } from '@pdaltagent/webhooks';
import { NOW } from '../cli.fixture';
import { WebhooksFixture } from './webhooks.fixture';

const log = new LogEntriesServer();
let servers: TestServers;
let fixture: WebhooksFixture;

beforeAll(async () => {
  servers = await testServers();
  await log.start();
  fixture = await WebhooksFixture.start({ ...servers, apiUrl: log.url });
});
beforeEach(() => {
  log.entries.length = 0;
  return fixture.reset();
});
afterAll(async () => {
  await fixture.stop();
  await log.stop();
});

const webhooks = (words: string, more: Record<string, string> = {}) => fixture.webhooks(words, more);

/** Purges the webhook lanes, then consumes them as a sender would. */
async function openLanes(messages: IncomingMessage[]): Promise<() => Promise<void>> {
  const connection = await connectToBroker(servers.amqpUrl);
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

describe('webhooks replay', () => {
  const progress = new Date(Date.now() - 3_600_000).toISOString();
  const until = new Date(Date.now() + 60_000).toISOString();
  const span = `--since ${progress} --until ${until}`;
  const messages: IncomingMessage[] = [];
  let close: () => Promise<void>;

  beforeEach(async () => {
    messages.length = 0;
    close = await openLanes(messages);
  });
  afterEach(() => close());
  const arrived = (count: number) => waitUntil(() => messages.length >= count, { what: `${count} on the lanes` });

  it('queues the webhooks of the period again, oldest first, with their original ids', async () => {
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
    expect(messages.some(({ maybeDuplicate: again }) => again)).toBe(false);
  });

  it('reports exactly how many were queued if the broker does not accept all of them', async () => {
    log.add(60, (index) => ({ incident: { id: `I${index}` } }));
    const connection = await connectToBroker(servers.amqpUrl);
    const channel = await connection.createChannel();
    await channel.deleteQueue(laneQueue(WEBHOOKS, 3));
    const { code, out, error } = await webhooks(`replay ${span} --destination tickets --json`);
    await declareTopology(connection, WEBHOOKS, 'quorum');
    await connection.close();
    expect(code).toBe(1);
    const [, count] =
      /stopped after (\d+): the broker did not accept a webhook \(the message could not be routed to a queue\)/.exec(
        error,
      ) ?? [];
    expect(Number(count)).toBeGreaterThan(0);
    expect(JSON.parse(out)).toMatchObject({
      queued: Number(count),
      error: expect.stringContaining('stopped') as string,
    });
    await arrived(Number(count));
    expect(messages).toHaveLength(Number(count));
  });

  it('does nothing if the confirmation is declined', async () => {
    log.add(1);
    expect(await fixture.webhooks(`replay ${span} --destination chat`, {}, { answer: 'n' })).toMatchObject({
      code: 1,
      error: expect.stringContaining('nothing was changed') as string,
    });
  });

  it('accepts ages as times', async () => {
    const anHourAgo = new Date(NOW - 3_600_000).toISOString();
    log.add(2, () => ({ created_at: anHourAgo }));
    const { code, out } = await webhooks('replay --since 2h --until 30min --destination tickets --dry-run --json');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ log_entries: 2, would_queue: 2 });
  });

  it('only counts in a dry run, without a broker', async () => {
    log.add(3);
    const { code, out } = await webhooks(`replay ${span} --destination tickets --dry-run`, {
      PDAGENTD_AMQP_URL: 'amqp://127.0.0.1:1',
    });
    expect({ code, out: out.trim() }).toEqual({
      code: 0,
      out: expect.stringContaining('3 webhooks would be sent to tickets') as string,
    });
    const json = await webhooks(`replay ${span} --destination tickets --dry-run --json`);
    expect(JSON.parse(json.out)).toMatchObject({ destinations: ['tickets'], log_entries: 3, would_queue: 3 });
  });

  it('removes personal data as the log-poller does', async () => {
    log.add(1, () => ({ summary: 'call jane@example.com' }));
    await webhooks(`replay ${span} --destination chat`, { PDAGENTD_SCRUB_WEBHOOKS: 'true' });
    log.add(1, () => ({ summary: 'call jane@example.com', service: { id: 'S1' } }));
    await webhooks(`replay ${span} --destination tickets chat`, { PDAGENTD_SCRUB_WEBHOOKS: 'true' });
    await arrived(3);
    const bodies = messages.map(({ body }) => body.toString());
    expect(bodies).toHaveLength(3);
    expect(bodies.join()).not.toContain('jane@');
  });

  it('fails if the token is refused, or a time or destination is invalid', async () => {
    log.faults.push({ status: 401 });
    expect(await webhooks(`replay ${span} --destination chat`)).toMatchObject({
      code: 1,
      error: expect.stringContaining('PagerDuty rejects PDAGENTD_API_TOKEN (status 401)') as string,
    });
    expect(await webhooks('replay --since yesterday --destination chat')).toMatchObject({
      code: 2,
      error: expect.stringContaining('an ISO 8601 time (2026-03-01T00:00:00Z) or an age (30min, 2h, 3d)') as string,
    });
    expect((await webhooks(`replay --since ${until} --until ${progress} --destination chat`)).code).toBe(2);
    expect((await webhooks(`replay ${span} --destination nobody`)).code).toBe(2);
    expect((await webhooks(`replay ${span}`)).code).toBe(2);
  });
});
