import {
  deadLetterExchange,
  type OutgoingMessage,
  EVENTS,
  laneKey,
  laneOfMessage,
  toProperties,
} from '@pdaltagent/messaging';
import { type App, createLogger, readConfiguration } from '@pdaltagent/service';
import { connectToBroker, testServers, type TestServers, waitUntil } from '@pdaltagent/testing';
import { type Channel, type ChannelModel, type Options } from 'amqplib';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { PassThrough } from 'node:stream';
import { Registry } from 'prom-client';
import { createApp } from './app';
import { variables } from './configuration';

interface Posted {
  readonly path: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

let servers: TestServers;
let connection: ChannelModel;
let channel: Channel;
let pagerDuty: Server;
let posted: Posted[];
let app: App;

beforeAll(async () => {
  servers = await testServers();
});
beforeEach(async () => {
  posted = [];
  pagerDuty = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      posted.push({ path: request.url, headers: request.headers, body: Buffer.concat(chunks).toString() });
      response.writeHead(202, { 'content-type': 'application/json' }).end('{"status":"success"}');
    });
  }).listen(0, '127.0.0.1');
  await once(pagerDuty, 'listening');
  const configuration = readConfiguration(variables, {
    PDAGENTD_AMQP_URL: servers.amqpUrl,
    PDAGENTD_REDIS_URL: servers.redisUrl,
    PDAGENTD_EVENTS_BASE_URL: `http://127.0.0.1:${(pagerDuty.address() as AddressInfo).port}`,
  });
  const logger = createLogger({ service: 'test', level: 'error', stream: new PassThrough().resume() });
  app = createApp(configuration, { logger, metrics: new Registry() });
  await app.start();
  await waitUntil(() => app.readiness().ready, { what: 'the worker to connect' });
  connection = await connectToBroker(servers.amqpUrl);
  channel = await connection.createChannel();
  await channel.purgeQueue(EVENTS.deadLetters);
});
afterEach(async () => {
  await app.stop();
  await connection.close();
  pagerDuty.closeAllConnections();
  pagerDuty.close();
});

function event(id: string, changes: Partial<OutgoingMessage> = {}): OutgoingMessage {
  const routingKey = 'R0123456789ABCDEFGHIJKLMNOPQd1a6';
  return {
    id,
    type: 'v2',
    routingKey,
    orderKey: `${routingKey}:${id}`,
    body: Buffer.from(JSON.stringify({ dedup_key: id })),
    contentType: 'application/json',
    receivedAt: Date.now(),
    ...changes,
  };
}

/** Publishes a message to its lane, as anyone may. */
function queue(message: OutgoingMessage, properties: Options.Publish = {}): void {
  const lane = laneKey(laneOfMessage(EVENTS, message));
  channel.publish(EVENTS.exchange, lane, message.body, { ...toProperties(message), ...properties });
}

const arrived = (count: number) => waitUntil(() => posted.length >= count, { what: `${count} requests` });

it('a message whose headers cannot be sent is delivered without them, and later messages are delivered too', async () => {
  queue(event('unsound', { forward: { 'bad name': 'x', '': 'y', 'x-value': 'a\r\nb', 'x-vendor': 'one' } }));
  for (let count = 0; count < 5; count += 1) queue(event(`sound-${count}`));
  await arrived(6);
  const unsound = posted.find(({ body }) => body.includes('unsound'));
  expect(unsound?.headers).toMatchObject({ 'x-vendor': 'one', 'x-value': 'ab' });
});

it('a message cannot smuggle a second request to PagerDuty, nor a request for another host', async () => {
  const second = 'POST /v2/enqueue HTTP/1.1\r\nhost: elsewhere\r\ncontent-length: 2\r\n\r\n{}';
  const body = Buffer.from(`{"a":1}${second}`);
  for (const [index, forward] of [
    { 'Content-Length': '7', host: 'elsewhere' },
    { 'transfer-encoding': 'chunked', connection: 'keep-alive' },
    { upgrade: 'websocket', Connection: 'upgrade', Expect: '100-continue' },
  ].entries())
    queue(event(`smuggler-${index}`, { body, forward }));
  await arrived(3);
  queue(event('last'));
  await waitUntil(() => posted.some(({ body: text }) => text.includes('last')), { what: 'the last event' });
  expect(posted.map((request) => request.body).sort()).toEqual(
    [...Array.from({ length: 3 }, () => body.toString()), '{"dedup_key":"last"}'].sort(),
  );
  for (const { headers } of posted) expect(headers.host).toMatch(/^127\.0\.0\.1:/);
});

it('a routing key cannot change the path: such a message becomes a dead letter that says why', async () => {
  queue(event('elsewhere', { type: 'x-ere', routingKey: '..', orderKey: '..' }));
  const deadLetter = await waitUntil(() => channel.get(EVENTS.deadLetters, { noAck: true }), { what: 'a dead letter' });
  expect(deadLetter.properties.messageId).toBe('elsewhere');
  expect(deadLetter.properties.headers).toMatchObject({
    dead_reason: 'foreign',
    dead_answer: 'header routing_key cannot be part of a path',
  });
  expect(posted).toEqual([]);
});

it('a message of a type that only a newer version knows becomes a dead letter that keeps all of it', async () => {
  const message = event('newer');
  queue(message, { type: 'v9', appId: 'newer', correlationId: 'kept' });
  queue(event('next'));
  const deadLetter = await waitUntil(() => channel.get(EVENTS.deadLetters, { noAck: true }), { what: 'a dead letter' });
  expect(deadLetter.properties).toMatchObject({
    type: 'v9',
    messageId: 'newer',
    appId: 'newer',
    correlationId: 'kept',
  });
  expect(deadLetter.properties.headers).toMatchObject({
    ...(toProperties(message).headers as object),
    dead_reason: 'newer',
    dead_answer: 'message type "v9" of a newer version of PDaltagent',
  });
  expect(deadLetter.content).toEqual(message.body);
  await arrived(1);
});

it('headers that route a message do not route its dead letter', async () => {
  const { queue: elsewhere } = await channel.assertQueue('', { exclusive: true });
  await channel.bindQueue(elsewhere, deadLetterExchange(EVENTS), 'elsewhere');
  const headers = { ...(toProperties(event('copied')).headers as object), BCC: ['elsewhere'], CC: ['elsewhere'] };
  queue(event('copied'), { type: 'v9', headers });
  const deadLetter = await waitUntil(() => channel.get(EVENTS.deadLetters, { noAck: true }), { what: 'a dead letter' });
  expect(deadLetter.properties.messageId).toBe('copied');
  expect(await channel.get(elsewhere, { noAck: true })).toBe(false);
});

it('a message that would not be sent on complete becomes a dead letter that says why', async () => {
  queue(event('large', { forward: { 'x-large': 'x'.repeat(25_000) } }));
  queue(event('wide', { query: '"'.repeat(9_000).replaceAll('"', ' ') }));
  queue(event('usual', { forward: { 'x-usual': 'x'.repeat(10_000) } }));
  await arrived(1);
  const deadLetters = [];
  while (deadLetters.length < 2)
    deadLetters.push(
      await waitUntil(() => channel.get(EVENTS.deadLetters, { noAck: true }), { what: 'a dead letter' }),
    );
  expect(deadLetters.map(({ properties }) => String(properties.messageId)).sort()).toEqual(['large', 'wide']);
  for (const { properties } of deadLetters) {
    expect(properties.headers).toMatchObject({ dead_reason: 'foreign' });
    expect(String(properties.headers?.dead_answer)).toMatch(
      /^query, Content-Type, headers and keys have 2\d{4} bytes: at most 24576 are sent on$/,
    );
  }
  expect(posted.map(({ headers }) => headers['x-usual']?.length)).toEqual([10_000]);
});
