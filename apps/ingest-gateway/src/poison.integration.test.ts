import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { EVENTS, fromDelivery, type IncomingMessage, laneOf, laneQueue } from '@pdaltagent/messaging';
import { type App, readConfiguration } from '@pdaltagent/service';
import { connectToBroker, freePort, recordingLogger, testServers, waitUntil } from '@pdaltagent/testing';
import { type ChannelModel } from 'amqplib';
import { Registry } from 'prom-client';
import { createApp } from './app';
import { variables } from './configuration';

const KEY = 'poison78901234567890123456789012';
const INTEGRATION = `/integration/${KEY}/enqueue`;
const LONG = 'x'.repeat(300);
/** Header lines are written as latin1: a character is a byte. */
const HIGH = '\u00e9'.repeat(200);

let folder: string;
let app: App;
let port: number;
let connection: ChannelModel;
const arrived: IncomingMessage[] = [];

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'gateway-'));
  const { amqpUrl } = await testServers();
  port = await freePort();
  const configuration = readConfiguration(variables, {
    PDAGENTD_AMQP_URL: amqpUrl,
    PDAGENTD_HTTP_PORT: String(port),
    PDAGENTD_HTTPS_PORT: '0',
    PDAGENTD_STATE_DIR: folder,
    PDAGENTD_FORWARD_HEADERS: 'x-added',
  });
  app = createApp(configuration, { logger: recordingLogger([]), metrics: new Registry() });
  await app.start();
  connection = await connectToBroker(amqpUrl);
  const channel = await connection.createChannel();
  await waitUntil(() => app.readiness().checks.broker === 'connected', { what: 'the broker to be connected' });
  await channel.consume(laneQueue(EVENTS, laneOf(EVENTS, KEY)), (delivery) => {
    if (delivery === null) return;
    channel.ack(delivery);
    const parsed = fromDelivery(delivery);
    if (parsed.kind === 'message' && parsed.message.routingKey === KEY) arrived.push(parsed.message);
  });
});
beforeEach(() => {
  arrived.length = 0;
});
afterAll(async () => {
  await connection.close();
  await app.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Sends a raw request, and resolves with the status and the text of the response. */
function send(target: string, headers: readonly string[], body: string | Buffer = '{}') {
  return new Promise<{ status: number; text: string }>((resolve, reject) => {
    let text = '';
    const socket = connect(port, '127.0.0.1', () => {
      const length = `content-length: ${Buffer.byteLength(body)}`;
      const head = [`POST ${target} HTTP/1.1`, 'host: x', 'connection: close', length, ...headers];
      socket.write(Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'latin1'));
      socket.write(body);
    });
    socket.on('data', (chunk) => (text += String(chunk)));
    socket.on('error', reject);
    socket.on('close', () => resolve({ status: Number(text.split(' ', 2)[1]), text }));
  });
}

const alert = (members: Record<string, unknown>) =>
  JSON.stringify({ routing_key: KEY, event_action: 'resolve', dedup_key: 'a', ...members });

type Shape = readonly [what: string, target: string, headers: readonly string[], body?: string | Buffer];

const CONTENT_TYPES = [
  `multipart/form-data; boundary=${LONG}`,
  `application/soap+xml; charset=utf-8; action="http://example.com/${LONG}"`,
  `application/${LONG}`,
  LONG,
  `text/plain; a="${HIGH}"`,
  HIGH,
  `${HIGH}/${HIGH}`,
  `text/plain; a=${'x'.repeat(240)}`,
  `text/plain; a=${'x'.repeat(241)}`,
  `text/plain; a=${'x'.repeat(242)}`,
  `text/plain; a=${'x'.repeat(15_000)}`,
  `text/plain;\ta="\u0080\u00ff"`,
  ';'.repeat(300),
  '/'.repeat(300),
];

const SHAPES: readonly Shape[] = [
  ...CONTENT_TYPES.map((type): Shape => [`content type ${type.slice(0, 40)}`, INTEGRATION, [`content-type: ${type}`]]),
  ['no content type', INTEGRATION, []],
  ['an empty content type', INTEGRATION, ['content-type:']],
  ['two content types', INTEGRATION, ['content-type: a/b', `content-type: ${LONG}`]],
  ...[255, 256, 300, 8_000].map((length): Shape => [
    `a name of ${length} bytes`,
    INTEGRATION,
    [`${'n'.repeat(length)}: v`],
  ]),
  ['the name !', INTEGRATION, ['!: decimal', 'value: 1']],
  ['the name __proto__', INTEGRATION, ['__proto__: a', 'constructor: b', 'toString: c', 'hasOwnProperty: d']],
  ['a value of 15 KB', INTEGRATION, [`x-added: ${'v'.repeat(15_000)}`]],
  ['a value of 15 KB that doubles as UTF-8', INTEGRATION, [`x-added: ${'\u00ff'.repeat(15_000)}`]],
  ['an added header 150 times', INTEGRATION, Array.from({ length: 150 }, () => `x-added: ${'\u00ff'.repeat(80)}`)],
  ['150 headers', INTEGRATION, Array.from({ length: 150 }, (_, n) => `x-${n}: ${'\u00ff'.repeat(80)}`)],
  ['a query of 15 KB', `${INTEGRATION}?${'q'.repeat(15_000)}`, []],
  ['a query of 9 KB that grows threefold', `${INTEGRATION}?${'\u00ff'.repeat(9_000)}`, []],
  ['a query of 15 KB that grows threefold', `${INTEGRATION}?${'\u00ff'.repeat(15_000)}`, []],
  ['a query and a header', `${INTEGRATION}?${'\u00ff'.repeat(7_500)}`, [`x-added: ${'\u00ff'.repeat(7_500)}`]],
  ['a query of one byte', `${INTEGRATION}?%`, []],
  ['a query of quotes', `${INTEGRATION}?"'<>{}|\\^\``, []],
  ['a long x-routing-key beside a key', '/v2/enqueue', [`x-routing-key: ${LONG}`], alert({})],
  ['a long x-routing-key alone', '/v2/enqueue', [`x-routing-key: ${LONG}`], alert({ routing_key: undefined })],
  ['a high x-routing-key', '/v2/enqueue', [`x-routing-key: ${HIGH}`], alert({ routing_key: undefined })],
  ['two x-routing-keys', '/v2/enqueue', [`x-routing-key: ${KEY}`, `x-routing-key: ${KEY}`], alert({ routing_key: '' })],
  ['a long routing key', '/v2/enqueue', [], alert({ routing_key: LONG })],
  ['a routing key of 32 flames', '/v2/enqueue', [], alert({ routing_key: '🔥'.repeat(16) })],
  ['a routing key that is an object', '/v2/enqueue', [], alert({ routing_key: { '!': 'decimal' } })],
  ['a long key in the path', `/integration/${LONG}/enqueue`, []],
  ['a high key in the path', `/integration/${'%c3%a9'.repeat(32)}/enqueue`, []],
  ['a zero byte in the path', `/x-ere/${KEY.slice(1)}%00`, []],
  ['a traceparent of 15 KB', INTEGRATION, [`traceparent: 00-${'a'.repeat(15_000)}`]],
  ['a high traceparent', INTEGRATION, [`traceparent: ${HIGH}`]],
  ['a tracestate of 15 KB', INTEGRATION, [`tracestate: ${'a'.repeat(15_000)}`]],
  ['a dedup key of 255 flames', '/v2/enqueue', [], alert({ dedup_key: '🔥'.repeat(255) })],
  ['a dedup key of 256 flames', '/v2/enqueue', [], alert({ dedup_key: '🔥'.repeat(256) })],
  [
    'a dedup key of 255 halves',
    '/v2/enqueue',
    [],
    `{"routing_key":"${KEY}","event_action":"resolve","dedup_key":"${'\\ud83d'.repeat(255)}"}`,
  ],
  ['a dedup key of zero bytes', '/v2/enqueue', [], alert({ dedup_key: '\0'.repeat(255) })],
  ['a dedup key of 400 KB', '/v2/enqueue', [], alert({ dedup_key: 'd'.repeat(400_000) })],
  ['an orchestration’s dedup key of 256', `/x-ere/${KEY}`, [], alert({ dedup_key: 'd'.repeat(256) })],
  ['an orchestration’s dedup key of 70 KB', `/x-ere/${KEY}`, [], alert({ dedup_key: 'd'.repeat(70_000) })],
  ['an orchestration’s dedup key of 400 KB', `/x-ere/${KEY}`, [], alert({ dedup_key: 'd'.repeat(400_000) })],
  ['an orchestration’s dedup key of 130 KB of flames', `/x-ere/${KEY}`, [], alert({ dedup_key: '🔥'.repeat(130_000) })],
  ['an orchestration’s dedup key that is a number', `/x-ere/${KEY}`, [], alert({ dedup_key: 1e308 })],
  [
    'an incident key of 255 flames',
    '/generic/2010-04-15/create_event.json',
    [],
    JSON.stringify({ service_key: KEY, event_type: 'resolve', incident_key: '🔥'.repeat(255) }),
  ],
  ['an empty body', INTEGRATION, [], ''],
  ['a body of 512 KB', INTEGRATION, [], Buffer.alloc(512 * 1024, 0xff)],
  ['a body of a frame', INTEGRATION, [], Buffer.alloc(131_072 - 8)],
  ['a body of a frame and a byte', INTEGRATION, [], Buffer.alloc(131_072 - 7)],
];

it(`accepts or clearly refuses each of ${SHAPES.length} poison shapes, and all accepted events arrive`, async () => {
  expect(SHAPES.length).toBeGreaterThanOrEqual(50);
  let accepted = 0;
  for (const [what, target, headers, body] of SHAPES) {
    const { status, text } = await send(target, headers, body);
    const isAccepted = status === 202 || status === 200;
    if (isAccepted) accepted += 1;
    const reason = /"errors":\["[^"]{5,}/.test(text);
    expect({ what, status, isClear: isAccepted || (status >= 400 && status < 500 && reason) }).toEqual({
      what,
      status,
      isClear: true,
    });
  }
  for (let count = 0; count < 50; count += 1) {
    expect((await send('/v2/enqueue', [], alert({ dedup_key: `after-${count}` }))).status).toBe(202);
  }
  await waitUntil(() => arrived.length >= accepted + 50, { what: 'all accepted events to arrive' });
  expect(arrived).toHaveLength(accepted + 50);
  expect(app.readiness().checks).toMatchObject({ broker: 'connected' });
  expect(accepted).toBeGreaterThanOrEqual(40);
});

it('forwards a content type of any length unchanged', async () => {
  for (const type of CONTENT_TYPES) expect((await send(INTEGRATION, [`content-type: ${type}`])).status).toBe(202);
  await waitUntil(() => arrived.length >= CONTENT_TYPES.length, { what: 'all to arrive' });
  expect(arrived.map(({ contentType }) => contentType).sort()).toEqual([...CONTENT_TYPES].sort());
});

it('says what is too long', async () => {
  const { status, text } = await send(INTEGRATION, [`x-added: ${'\u00ff'.repeat(15_000)}`]);
  expect([status, text]).toEqual([
    431,
    expect.stringContaining('Query, Content-Type and headers are too long together'),
  ]);
});
