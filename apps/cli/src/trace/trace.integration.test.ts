import { type Outcome } from '@pdaltagent/delivery';
import {
  EVENTS,
  type LaneGroup,
  laneKey,
  laneOf,
  laneOfMessage,
  laneQueue,
  LaneWorker,
  type OutgoingMessage,
  toProperties,
  WEBHOOKS,
} from '@pdaltagent/messaging';
import { BrokerClient, Sender } from '@pdaltagent/operations';
import { DeliveredMarkers, LaneClaims, Store } from '@pdaltagent/store';
import { testServers, type TestServers, waitUntil } from '@pdaltagent/testing';
import { declareTopologies, KEY, OTHER_KEY, publishDeadLetters, runCli } from '../cli.fixture';

const FAILED: Outcome = {
  kind: 'failed',
  reason: 'server-error',
  scope: 'destination',
  status: 503,
  detail: 'secret answer',
  retryAfterMs: 30_000,
};
const GONE: Outcome = { kind: 'gone', status: 410, response: '' };
const log = { info: () => undefined, warn: () => undefined, error: () => undefined };

let servers: TestServers;
let store: Store;
const workers: LaneWorker[] = [];
let attempts = 0;

beforeAll(async () => {
  servers = await testServers();
  await declareTopologies(servers.amqpUrl);
  store = new Store({ url: servers.redisUrl, name: 'test', log });
  store.start();
  await waitUntil(() => store.state() === 'connected', { what: 'Redis' });
  await send(
    EVENTS,
    [1, 2, 3].map((number) => message(`e${number}`, KEY, 'db1/disk')),
  );
  await send(WEBHOOKS, [message('w1', 'crm', 'PINCIDENT')]);
  start(EVENTS, FAILED);
  start(WEBHOOKS, GONE);
  await waitUntil(() => workers.every(({ dispatcher }) => dispatcher.held > 0) && attempts === 2, { what: 'attempts' });
});
afterAll(async () => {
  await Promise.all(workers.map((worker) => worker.stop()));
  store.close();
});

function start(laneGroup: LaneGroup, outcome: Outcome): void {
  const worker = new LaneWorker({
    url: servers.amqpUrl,
    name: 'test',
    laneGroup,
    queueType: 'quorum',
    concurrency: 4,
    maximumAgeMs: 1e12,
    poisonAfterMs: 1e12,
    deliver: () => Promise.resolve(outcome),
    markers: new DeliveredMarkers(store, 60),
    claims: new LaneClaims(store),
    observer: {
      onAttempted: () => (attempts += 1),
      onInterrupted: () => undefined,
      onDelivered: () => undefined,
      onDuplicateDropped: () => undefined,
      onDeadLettered: () => undefined,
    },
    log,
  });
  workers.push(worker);
  worker.start();
}

function message(id: string, routingKey: string, alert: string): OutgoingMessage {
  return {
    id,
    type: routingKey === 'crm' ? 'webhook' : 'v2',
    routingKey,
    orderKey: `${routingKey}:${alert}`,
    body: Buffer.from('{}'),
    contentType: 'application/json',
    receivedAt: Date.parse('2026-01-01T00:00:00Z'),
  };
}

async function send(laneGroup: LaneGroup, messages: readonly OutgoingMessage[]): Promise<void> {
  const client = await BrokerClient.open({ url: servers.amqpUrl, name: 'test' });
  const sender = await Sender.open(client);
  for (const each of messages) {
    await sender.send(laneGroup.exchange, laneKey(laneOfMessage(laneGroup, each)), each.body, toProperties(each));
  }
  await client.close();
}

const trace = (...words: string[]) =>
  runCli(['trace', ...words], { PDAGENTD_AMQP_URL: servers.amqpUrl, PDAGENTD_REDIS_URL: servers.redisUrl });

async function traced(...words: string[]) {
  const { code, out } = await trace('--json', ...words);
  return { code, report: JSON.parse(out) as Record<string, unknown> };
}

describe('trace of what a worker holds', () => {
  const lane = laneKey(laneOf(EVENTS, KEY));

  it('shows each event of an alert, its attempts, what it waits for and its next attempt', async () => {
    const { code, report } = await traced('db1/disk');
    expect(code).toBe(0);
    expect(report).toMatchObject({ found: true, held_more: 0, lanes_without_answer: 0, lane: { lane, key: '…d1a6' } });
    expect(report.held).toEqual([
      {
        id: 'e1',
        family: 'events',
        key: '…d1a6',
        alert: 'db1/disk',
        accepted_at: '2026-01-01T00:00:00Z',
        lane,
        siding: null,
        state: 'backoff',
        behind: 0,
        attempts: 1,
        last_outcome: 'server-error 503',
        last_attempt_at: expect.stringMatching(/^20.*Z$/) as string,
        next_attempt_at: expect.stringMatching(/^20.*Z$/) as string,
      },
      expect.objectContaining({ id: 'e2', state: 'former', behind: 1, attempts: 0, next_attempt_at: null }) as object,
      expect.objectContaining({ id: 'e3', state: 'former', behind: 2 }) as object,
    ]);
    const { out } = await trace('db1/disk');
    expect(out).toContain(
      `held by a worker in lane ${lane} of events: e1 (…d1a6, alert db1/disk): 1 attempt, the last at`,
    );
    expect(out).toContain('(server-error 503); it waits after a failed attempt, next attempt at');
    expect(out).toContain('not attempted yet; it waits for earlier events of its alert, after 2 others');
    expect(out).not.toContain(KEY);
  });

  it('finds one event by its message id, and nothing with another key', async () => {
    const { report } = await traced('e2', '--key', KEY);
    expect(report.held).toMatchObject([{ id: 'e2', behind: 1 }]);
    expect(await traced('e2', '--key', OTHER_KEY)).toMatchObject({
      code: 1,
      report: { found: false, held: [], lane: { lane: laneKey(laneOf(EVENTS, OTHER_KEY)), has_worker: true } },
    });
  });

  it('derives the lane of a webhook from destination and incident, even if it is not found', async () => {
    const { report } = await traced('PINCIDENT');
    const known = laneKey(laneOfMessage(WEBHOOKS, { routingKey: 'crm', orderKey: 'crm:PINCIDENT' }));
    expect(report).toMatchObject({
      held: [{ id: 'w1', family: 'webhooks', key: 'crm', lane: known, state: 'paused', last_outcome: 'gone 410' }],
      lane: { family: 'webhooks', lane: known, key: 'crm' },
    });
    const other = laneKey(laneOfMessage(WEBHOOKS, { routingKey: 'crm', orderKey: 'crm:POTHER' }));
    expect((await traced('POTHER', '--key', 'crm')).report).toMatchObject({ found: false, lane: { lane: other } });
  });

  it('shows dead letters of the alert in addition to held events', async () => {
    await publishDeadLetters(servers.amqpUrl, EVENTS, [{ id: 'dead1' }]);
    const { report } = await traced('db1/disk');
    expect(report).toMatchObject({ held: [{ id: 'e1' }, { id: 'e2' }, { id: 'e3' }], dead_letters: [{ id: 'dead1' }] });
  });

  it('reports workers that do not reply', async () => {
    await Promise.all(workers.splice(0).map((worker) => worker.stop()));
    const client = await BrokerClient.open({ url: servers.amqpUrl, name: 'silent worker' });
    const channel = await client.channel();
    await channel.consume(laneQueue(EVENTS, 5), () => undefined);
    const { code, out } = await trace('nobody');
    expect(code).toBe(1);
    expect(out).toContain(
      'not a dead letter, not recorded as delivered, and not held by any worker that replied:\n4 are waiting',
    );
    expect(out).toContain('the workers of 1 lanes did not reply: they may hold it');
    await client.close();
  });
});
