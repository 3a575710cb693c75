import { type AppProcess, waitUntil } from '@pdaltagent/testing';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { PrivateRelay } from './relay.fixture';
import { TurnMeter } from './turn-meter.fixture';

/** No request holds the event loop for longer: others wait meanwhile. */
const BOUND_MS = 50;
const REPEATS = 3;
const STEP_MS = 120_000;
const TEST_MS = 240_000;
const KEY = '0123456789abcdef0123456789abd1a6';
const KB = 1024;

const repeated = (bytes: number, text: string): string => text.repeat(Math.floor(bytes / text.length));
const members = (count: number): Record<string, string> =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`m${at}`, 'x']));
/** An event of the v2 API with these details, as JSON. */
const v2 = (details: string, rest: Record<string, unknown> = {}): string =>
  JSON.stringify({
    routing_key: KEY,
    event_action: 'trigger',
    dedup_key: 'a',
    payload: { summary: 's', source: 'db1', severity: 'critical', custom_details: '@' },
    ...rest,
  }).replace('"@"', () => details);

/** An event of the v2 API with these members after its own, as JSON. */
const event = (members: string, payload: Record<string, unknown> = {}, rest: Record<string, unknown> = {}): string =>
  v2('{}', { payload: { summary: 's', source: 'db1', severity: 'critical', ...payload }, ...rest }).replace(
    /\}$/,
    () => `,${members}}`,
  );

interface Input {
  readonly path: string;
  readonly body: string | Uint8Array<ArrayBuffer>;
  readonly headers?: Record<string, string>;
  /** What is sent instead, as it is: a request after which the connection is closed. */
  readonly wire?: string;
  /** 202 by default. */
  readonly status?: number;
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
/** The shortest names that differ. */
const nameOf = (at: number): string =>
  (at < LETTERS.length ? '' : nameOf(Math.floor(at / LETTERS.length) - 1)) + (LETTERS[at % LETTERS.length] ?? '');
const names = (count: number, write: (name: string) => string): string =>
  Array.from({ length: count }, (_, at) => write(nameOf(at))).join(',');

const API = '/v2/enqueue';
const VENDOR = `/integration/${KEY}/enqueue`;
const FORM = 'application/x-www-form-urlencoded';
const INPUTS: Readonly<Record<string, Input>> = {
  '40,000 members': { path: API, body: v2(JSON.stringify(members(40_000))) },
  '40,000 members without a dedup key': {
    path: API,
    body: v2(JSON.stringify(members(40_000)), { dedup_key: undefined }),
  },
  '60,000 short names': { path: API, body: v2(`{${names(60_000, (name) => `"${name}":0`)}}`) },
  '40,000 objects with a name each': { path: API, body: v2(`[${names(40_000, (name) => `{"${name}":0}`)}]`) },
  '50,000 names with escapes': { path: API, body: v2(`{${names(50_000, (name) => `"\\n${name}":0`)}}`) },
  '60,000 short names in the event, a part to be left out, and a summary to be truncated': {
    path: API,
    body: event(`"links":[7],${names(58_000, (name) => `"${name}":0`)}`, { summary: 'x'.repeat(2_000) }),
  },
  '48,000 names with escapes in the event, a part to be left out, and no dedup key': {
    path: API,
    body: event(`"links":[7],${names(47_000, (name) => `"\\n${name}":0`)}`, {}, { dedup_key: undefined }),
  },
  '30,000 names as long as those that are read, with escapes': {
    path: API,
    body: event(`"links":[7],${names(30_000, (name) => `"\\u0061${name}":0`)}`),
  },
  '30,000 links, and one to be left out': {
    path: API,
    body: event(`"links":[7,${repeated(360 * KB, '{"href":"x"},')}{"href":"x"}]`),
  },
  '38,000 equal parts to be left out': { path: API, body: event(`${repeated(400 * KB, '"client":5,')}"client":5`) },
  '28,000 null dedup keys': {
    status: 400,
    path: API,
    body: event(`${repeated(460 * KB, '"dedup_key":null,')}"dedup_key":null`),
  },
  '60,000 names in an orchestration’s event': {
    path: `/x-ere/${KEY}`,
    body: event(names(58_000, (name) => `"${name}":0`)),
  },
  '60,000 different texts': { path: API, body: v2(`[${names(60_000, (name) => `"${name}"`)}]`) },
  '110,000 names, more than PagerDuty accepts': {
    path: API,
    body: v2(`{${names(110_000, (name) => `"${name}":0`)}}`),
  },
  '110,000 names that cannot be truncated': {
    status: 413,
    path: API,
    body: `{${names(110_000, (name) => `"${name}":0`)}}`,
  },
  // Without values: on a busy machine they might not be scrubbed in time, and what replaces them is longer than PagerDuty accepts.
  'a form with 160,000 fields': {
    path: '/nagios/2010-04-15/create_event',
    body: `CONTACTPAGER=${KEY}${repeated(480 * KB, '&a=')}`,
    headers: { 'content-type': FORM },
  },
  '50,000 levels of arrays': { status: 400, path: API, body: v2(`${'['.repeat(50_000)}${']'.repeat(50_000)}`) },
  '60,000 levels of objects': { status: 400, path: API, body: v2(`${'{"a":'.repeat(60_000)}1${'}'.repeat(60_000)}`) },
  '120,000 empty arrays': { path: API, body: v2(`[${repeated(360 * KB, '[],')}[]]`) },
  'escapes only': { path: API, body: v2(`"${repeated(500 * KB, '\\u00e9')}"`) },
  'escaped quotes only': { path: API, body: v2(`"${repeated(500 * KB, '\\"')}"`) },
  'half of surrogate pairs': { path: API, body: v2(`"${repeated(500 * KB, '\\ud83d')}"`) },
  'a summary to be truncated': {
    path: API,
    body: v2('{}', { payload: { summary: '\u{1f600}'.repeat(120_000), source: 'db1', severity: 'critical' } }),
  },
  'fields to be left out': {
    path: API,
    body: v2('{}', { links: Array.from({ length: 20_000 }, () => ({ href: 'x' })), images: Array(20_000).fill(7) }),
  },
  '40,000 equal members': { path: API, body: v2(`{${repeated(480 * KB, '"member":1,')}"member":2}`) },
  'addresses of e-mail and telephone numbers': {
    path: API,
    body: v2(`"${repeated(480 * KB, 'ann@example.com +1 202-555-0173, ')}"`),
  },
  'a document that ends too early': { status: 400, path: API, body: `{"a":${repeated(500 * KB, '[{"b":')}` },
  'more than PagerDuty accepts': { path: API, body: v2(`"${repeated(1_000 * KB, 'x')}"`) },
  'a body in chunks of a byte': {
    path: '',
    body: '',
    wire: `POST ${API} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n${[
      ...v2(`"${repeated(500 * KB, 'x')}"`),
    ]
      .map((character) => `1\r\n${character}\r\n`)
      .join('')}0\r\n\r\n`,
  },
  'a compressed body': {
    status: 413,
    path: API,
    body: new Uint8Array(gzipSync(v2(`"${repeated(500 * KB, 'ab')}"`))),
    headers: { 'content-encoding': 'gzip' },
  },
  'a vendor’s body': { path: VENDOR, body: repeated(250 * KB, '{"a":"ann@example.com"},') },
  '180 headers': {
    path: VENDOR,
    body: '{}',
    headers: Object.fromEntries(Array.from({ length: 180 }, (_, at) => [`x-header-${at}`, 'x'.repeat(60)])),
  },
  'a query of 8 KB': { path: `${VENDOR}?${repeated(8 * KB, 'a=%C3%A9&')}`, body: '{}' },
};

const describeOnLinux = TurnMeter.isSupported ? describe : describe.skip;

describeOnLinux('no request holds the event loop of the gateway or of the worker for more than 50 ms:', () => {
  const meter = new TurnMeter();
  let relay: PrivateRelay;
  let worker: AppProcess;
  beforeAll(async () => {
    // With scrubbing, a large event is read twice, before and after a thread scrubs it.
    relay = await PrivateRelay.start('e2e-event-loop', {
      gatewayEnv: { ...meter.environment, PDAGENTD_SCRUB_PII: 'true' },
    });
    worker = await relay.startWorker({ env: meter.environment });
    // Compiled, as after the first seconds of any service.
    for (let count = 0; count < 200; count += 1) await post({ path: API, body: v2('{}') });
    await arrived(200);
  });
  afterAll(async () => {
    await relay.stop();
    meter.remove();
  });

  async function post({ path, body, headers = {}, wire }: Input): Promise<number> {
    if (wire !== undefined) return send(wire);
    const response = await fetch(`${relay.gatewayUrl}${path}`, { method: 'POST', body, headers });
    await response.arrayBuffer();
    return response.status;
  }

  /** All at once, so that the gateway can read as much in a turn as it ever does. Resolves with the response's status. */
  async function send(wire: string): Promise<number> {
    const socket = connect({ port: Number(new URL(relay.gatewayUrl).port), host: '127.0.0.1' });
    socket.write(wire, 'latin1');
    const answer = await text(socket);
    return Number(/^HTTP\/1.1 (\d+)/.exec(answer)?.[1]);
  }

  const arrived = (count: number): Promise<boolean> =>
    waitUntil(async () => (await relay.respondedWith(202)) >= count, {
      what: 'the event to arrive',
      timeoutMs: STEP_MS,
    });

  /** How long the input holds each event loop, at the best of several times; and the bound on this machine at this time. */
  async function measure(services: readonly AppProcess[], send: () => Promise<void>) {
    const holds = services.map(() => Infinity);
    let slower = TurnMeter.slowdown();
    for (let repeat = 0; repeat < REPEATS; repeat += 1) {
      const turns = await meter.during(services, send);
      turns.forEach((ms, at) => (holds[at] = Math.min(holds[at] ?? Infinity, ms)));
      slower = Math.max(slower, TurnMeter.slowdown());
    }
    return { holds, bound: BOUND_MS * slower };
  }

  it.each(Object.entries(INPUTS))(
    '%s',
    async (_name, input) => {
      const statuses = new Set<number>();
      const { holds, bound } = await measure([relay.gateway, worker], async () => {
        const before = await relay.respondedWith(202);
        const status = await post(input);
        statuses.add(status);
        if (status === 202) await arrived(before + 1);
      });
      expect([...statuses]).toEqual([input.status ?? 202]);
      for (const hold of holds) expect(hold).toBeLessThan(bound);
    },
    TEST_MS,
  );

  it(
    'any of these while the gateway stores events in its spool, and drains it',
    async () => {
      const before = await relay.respondedWith(202);
      const held: unknown[] = [];
      let accepted = 0;
      await relay.broker.setAlarm('memory', true);
      try {
        await post({ path: API, body: v2('{}') });
        await relay.gateway.logged('that it spools', ({ message }) => message === 'events go to the spool', STEP_MS);
        for (const [name, input] of Object.entries(INPUTS)) {
          const { holds, bound } = await measure([relay.gateway], async () => {
            if ((await post(input)) === 202) accepted += 1;
          });
          if (holds.some((hold) => hold >= bound)) held.push([name, holds, bound]);
        }
      } finally {
        await relay.broker.setAlarm('memory', false);
      }
      await arrived(before + accepted);
      expect(held).toEqual([]);
    },
    4 * TEST_MS,
  );
});
