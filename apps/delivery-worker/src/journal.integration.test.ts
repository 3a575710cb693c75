import { EVENTS, laneKey, laneOfMessage, type OutgoingMessage, toProperties } from '@pdaltagent/messaging';
import { type App, readConfiguration } from '@pdaltagent/service';
import { connectToBroker, hasJournal, JournalTap, recordingLogger, testServers, waitUntil } from '@pdaltagent/testing';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { Registry } from 'prom-client';
import { createApp } from './app';
import { variables } from './configuration';

const KEY = 'R0123456789ABCDEFGHIJKLMNOPQd1a6';
const THROTTLED_KEY = 'R0123456789ABCDEFGHIJKLMNOPQ0000';
const ACCEPTED = '{"status":"success"}';

/** What PagerDuty answers to events that have this text. */
interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers?: Record<string, string>;
}

let pagerDuty: Server;
/** By text in the body, each in turn; otherwise an event is accepted. */
let answers: Map<string, Answer[]>;
let posted: number;
/** For the tests that need no settings of their own: to declare all queues takes seconds. */
let shared: RunningWorker;
let own: RunningWorker | undefined;

beforeAll(async () => {
  pagerDuty = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      posted += 1;
      const text = Buffer.concat(chunks).toString();
      const left = [...answers].find(([part]) => text.includes(part))?.[1];
      const { status, body, headers = {} } = left?.shift() ?? { status: 202, body: ACCEPTED };
      response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);
    });
  }).listen(0, '127.0.0.1');
  await once(pagerDuty, 'listening');
  shared = await start();
});
beforeEach(() => {
  answers = new Map();
  posted = 0;
});
afterEach(async () => {
  await own?.end();
  own = undefined;
});
afterAll(async () => {
  await shared.end();
  pagerDuty.closeAllConnections();
  pagerDuty.close();
});

interface RunningWorker {
  readonly amqpUrl: string;
  readonly app: App;
  /** The journal of its broker. */
  readonly tap: JournalTap;
  end(): Promise<void>;
}

/** A worker with servers of its own, for tests whose settings differ. */
async function startApp(environment: Record<string, string>): Promise<{ app: App; amqpUrl: string }> {
  const { amqpUrl, redisUrl } = await testServers();
  const configuration = readConfiguration(variables, {
    PDAGENTD_AMQP_URL: amqpUrl,
    PDAGENTD_REDIS_URL: redisUrl,
    PDAGENTD_EVENTS_BASE_URL: `http://127.0.0.1:${(pagerDuty.address() as AddressInfo).port}`,
    ...environment,
  });
  const app = createApp(configuration, { logger: recordingLogger([]), metrics: new Registry() });
  await app.start();
  await waitUntil(() => app.readiness().ready, { what: 'the worker to connect' });
  return { app, amqpUrl };
}

async function start(environment: Record<string, string> = {}): Promise<RunningWorker> {
  const { app, amqpUrl } = await startApp(environment);
  const tap = await JournalTap.open(amqpUrl);
  const end = async (): Promise<void> => {
    await tap.close();
    await app.stop();
  };
  return { amqpUrl, app, tap, end };
}

function event(id: string, routingKey = KEY): OutgoingMessage {
  return {
    id,
    type: 'v2',
    routingKey,
    orderKey: `${routingKey}:alert of ${id}`,
    action: 'trigger',
    body: Buffer.from(JSON.stringify({ dedup_key: `alert of ${id}`, custom_details: 'only in the body' })),
    contentType: 'application/json',
    receivedAt: Date.now(),
  };
}

/** Publishes events to their lanes. */
async function publish(
  amqpUrl: string,
  events: readonly OutgoingMessage[],
  headersToAdd: Readonly<Record<string, unknown>> = {},
) {
  const connection = await connectToBroker(amqpUrl);
  const channel = await connection.createConfirmChannel();
  for (const each of events) {
    const properties = toProperties(each);
    const headers: Readonly<Record<string, unknown>> = { ...(properties.headers as object), ...headersToAdd };
    channel.publish(EVENTS.exchange, laneKey(laneOfMessage(EVENTS, each)), each.body, { ...properties, headers });
  }
  await channel.waitForConfirms();
  await connection.close();
}

it('every delivered event is in the journal once, with its attempt', async () => {
  const { amqpUrl, tap } = shared;
  const events = Array.from({ length: 30 }, (_, index) => event(`e${index}`));
  await publish(amqpUrl, events);
  await waitUntil(() => events.every(({ id }) => tap.of(id).length > 0), {
    what: 'the journal to have every event',
  });
  for (const { id, receivedAt } of events)
    expect(tap.of(id)).toMatchObject([
      { kind: 'delivered', key: '…d1a6', alert: `alert of ${id}`, accepted: receivedAt, attempt: 1, status: 202 },
    ]);
  await tap.find('the lanes', ({ kind }) => kind === 'lane-taken');
});

it('attempts that did not deliver are in the journal before the one that did', async () => {
  const { amqpUrl, tap } = shared;
  answers.set('e1-1', [{ status: 503, body: '<html>you sent: only in the body</html>' }]);
  await publish(amqpUrl, [event('e1-1')]);
  await tap.find('the delivery', ({ kind, id }) => kind === 'delivered' && id === 'e1-1');
  expect(tap.of('e1-1')).toMatchObject([
    { kind: 'attempted', attempt: 1, outcome: 'failed', reason: 'server-error', status: 503 },
    { kind: 'delivered', attempt: 2, status: 202 },
  ]);
});

it('a rejected event is in the journal as a dead letter, with what PagerDuty said', async () => {
  const { amqpUrl, tap } = shared;
  const body = JSON.stringify({
    status: 'invalid event',
    message: 'Event object is invalid',
    errors: ["'payload.severity' is invalid", `'${KEY}' has no such field: 'only in the body'`],
  });
  answers.set('e2-1', [{ status: 400, body }]);
  await publish(amqpUrl, [event('e2-1')]);
  await tap.find('the dead letter', ({ kind, id }) => kind === 'dead-lettered' && id === 'e2-1');
  const answer = "Event object is invalid: 'payload.severity' is invalid; '…' has no such field: '…'";
  expect(tap.of('e2-1')).toMatchObject([
    { kind: 'attempted', outcome: 'rejected', status: 400, answer },
    { kind: 'dead-lettered', reason: 'rejected', status: 400, answer },
  ]);
});

it('neither a routing key nor a body is in the journal, whatever PagerDuty answers', async () => {
  const { amqpUrl, tap } = shared;
  const echo = (status: number) => ({
    status,
    body: `{"status":"error","message":"${KEY}","sent":"only in the body"}`,
  });
  answers.set('e3-1', [echo(500), echo(429), echo(404), echo(400)]);
  await publish(amqpUrl, [event('e3-1')]);
  await tap.find('the dead letter', ({ kind, id }) => kind === 'dead-lettered' && id === 'e3-1');
  const lines = tap.lines.join('\n');
  for (const secret of [KEY, 'only in the body', 'custom_details']) expect(lines).not.toContain(secret);
});

it('a key that PagerDuty throttles is in the journal', async () => {
  const { amqpUrl, tap } = shared;
  answers.set('e4-1', [{ status: 429, body: '{}', headers: { 'retry-after': '1' } }]);
  await publish(amqpUrl, [event('e4-1', THROTTLED_KEY), event('e4-2')]);
  await tap.find('the delivery', ({ kind, id }) => kind === 'delivered' && id === 'e4-1');
  await tap.find('the delivery', ({ kind, id }) => kind === 'delivered' && id === 'e4-2');
  const throttled = tap.facts.filter(({ kind, key }) => kind === 'key-throttled' && key === '…0000');
  expect(throttled).toMatchObject([{ group: 'events' }]);
  expect(throttled[0]?.digest).toBe(tap.of('e4-1')[0]?.digest);
  expect(tap.of('e4-1')[0]?.digest).not.toBe(tap.of('e4-2')[0]?.digest);
});

it('an event that is delivered already is in the journal as repeated', async () => {
  const { amqpUrl, tap } = shared;
  await publish(amqpUrl, [event('e5-1')]);
  await tap.find('the delivery', ({ kind, id }) => kind === 'delivered' && id === 'e5-1');
  await publish(amqpUrl, [event('e5-1')]);
  await tap.find('the repeat', ({ kind, id }) => kind === 'repeated' && id === 'e5-1');
  expect(posted).toBe(1);
});

it('an event of a newer version that cannot be delivered is in the journal as quarantined', async () => {
  const { amqpUrl, tap } = shared;
  await publish(amqpUrl, [event('e6-1')], { version: 2 });
  expect(await tap.find('the event', ({ id }) => id === 'e6-1')).toMatchObject({
    kind: 'quarantined',
    key: '…d1a6',
    problem: 'message version 2 of a newer version of PDaltagent',
  });
});

it.each([
  ['keys', { alert: 'alert of e1' }, ['answer']],
  ['none', {}, ['answer', 'alert']],
])('with PDAGENTD_JOURNAL_TEXT=%s an event has %j and nothing of %j', async (text, has, hasNot) => {
  own = await start({ PDAGENTD_JOURNAL_TEXT: text });
  const { amqpUrl, tap } = own;
  answers.set('e1', [{ status: 400, body: '{"status":"invalid event","message":"Event object is invalid"}' }]);
  await publish(amqpUrl, [event('e1')]);
  const fact = await tap.find('the dead letter', ({ kind, id }) => kind === 'dead-lettered' && id === 'e1');
  expect(fact).toMatchObject({ key: '…d1a6', status: 400, ...has });
  for (const field of hasNot) expect(fact).not.toHaveProperty(field);
});

it('with PDAGENTD_JOURNAL=false nothing is declared, and events are delivered', async () => {
  const { app, amqpUrl } = await startApp({ PDAGENTD_JOURNAL: 'false' });
  await publish(amqpUrl, [event('e1')]);
  await waitUntil(() => posted > 0, { what: 'the event to be delivered' });
  await app.stop();
  expect(await hasJournal(amqpUrl)).toBe(false);
});

it('what happened just before a worker stopped is in the journal', async () => {
  const { app, amqpUrl, tap } = await start();
  await publish(amqpUrl, [event('e1')]);
  await waitUntil(() => posted > 0, { what: 'the event to be delivered' });
  await app.stop();
  await tap.find('the end of the worker', ({ kind }) => kind === 'stopped');
  expect(tap.kindsOf('e1')).toEqual(['delivered']);
  const released = tap.facts.filter(({ kind }) => kind === 'lane-released');
  expect(released).toHaveLength(EVENTS.lanes);
  await tap.close();
});
