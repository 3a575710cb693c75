import { waitUntil } from '@pdaltagent/testing';
import { KEY, startGateway, type RunningGateway } from './gateway.fixture';
import { type Scrub, type ScrubbableParts } from './ports';

const EVENTS: readonly (readonly [route: string, body: string])[] = [
  ['/v2/enqueue', JSON.stringify({ routing_key: KEY, event_action: 'resolve', dedup_key: 'a' })],
  ['/v2/change/enqueue', JSON.stringify({ routing_key: KEY, payload: { summary: 's' } })],
  [
    '/generic/2010-04-15/create_event.json',
    JSON.stringify({ service_key: KEY, event_type: 'resolve', incident_key: 'a' }),
  ],
  [`/integration/${KEY}/enqueue`, 'a=b'],
  [`/integration/${KEY}/change/enqueue`, 'a=b'],
  [`/x-ere/${KEY}`, 'a=b'],
];

let gateway: RunningGateway;
afterEach(() => gateway.stop());

async function post(route: string, body: string) {
  const response = await fetch(gateway.url + route, { method: 'POST', body });
  return { status: response.status, retryAfter: response.headers.get('retry-after'), body: await response.json() };
}

const [[ROUTE, BODY] = ['', '']] = EVENTS;

it('answers 503 with Retry-After on every path while nothing can be stored', async () => {
  gateway = await startGateway();
  gateway.sink.failure = 'full';
  for (const [route, body] of EVENTS) {
    expect(await post(route, body)).toEqual({
      status: 503,
      retryAfter: '5',
      body: {
        status: 'unavailable',
        message: 'Event could not be accepted.  Please retry later.',
        errors: ['Event could not be stored: the broker does not accept events and the spool is full'],
      },
    });
  }
});

it('sends no response before an event is confirmed', async () => {
  gateway = await startGateway();
  let confirm = (): void => undefined;
  gateway.sink.gate = new Promise((resolve) => (confirm = resolve));
  let hasResponded = false;
  const response = post(ROUTE, BODY).then((reply) => {
    hasResponded = true;
    return reply;
  });
  // The response to a second request shows that the first one has been processed.
  expect((await post(ROUTE, '{')).status).toBe(400);
  expect(hasResponded).toBe(false);
  confirm();
  expect((await response).status).toBe(202);
});

it('rejects events over the limit of waiting ones, and accepts events again later', async () => {
  gateway = await startGateway({ maximumEvents: 2 });
  let confirm = (): void => undefined;
  gateway.sink.gate = new Promise((resolve) => (confirm = resolve));
  const statuses: number[] = [];
  const replies = Array.from({ length: 5 }, () => post(ROUTE, BODY).then(({ status }) => statuses.push(status)));
  await waitUntil(() => statuses.length === 3, { what: 'three refusals' });
  confirm();
  await Promise.all(replies);
  expect(statuses).toEqual([503, 503, 503, 202, 202]);
  expect((await post(ROUTE, BODY)).status).toBe(202);
});

it('logs once that it rejects events, and once that it accepts them again', async () => {
  gateway = await startGateway();
  gateway.sink.failure = 'failing';
  for (let count = 0; count < 3; count += 1) await post(ROUTE, BODY);
  gateway.sink.failure = undefined;
  for (let count = 0; count < 3; count += 1) await post(ROUTE, BODY);
  expect(gateway.log.slice(1).filter(({ level }) => level !== 'debug')).toEqual([
    {
      level: 'warn',
      message: 'rejecting events with 503',
      fields: {
        reason: 'unavailable',
        errors: ['Event could not be stored: the broker does not accept events and the spool cannot be written'],
      },
    },
    { level: 'info', message: 'accepting events again', fields: { rejected: 3 } },
  ]);
});

it('answers 500 after an unexpected error, and logs it', async () => {
  gateway = await startGateway();
  gateway.sink.gate = Promise.reject(new TypeError('a bug'));
  expect((await post(ROUTE, BODY)).status).toBe(500);
  expect(gateway.log.at(-1)).toMatchObject({ level: 'error', message: 'a request failed' });
});

it('counts by type and reason, and never reveals a key', async () => {
  gateway = await startGateway();
  for (const [route, body] of EVENTS) await post(route, body);
  await post(ROUTE, '{');
  await post('/nowhere', '');
  const text = await gateway.metrics.metrics();
  for (const type of ['v2', 'v1', 'change', 'x-ere', 'integration', 'integration-change']) {
    expect(text).toContain(`pdaltagent_gateway_events_accepted_total{type="${type}"} 1`);
  }
  expect(text).toContain('pdaltagent_gateway_requests_refused_total{reason="unrecognized"} 1');
  expect(text).toContain('pdaltagent_gateway_requests_refused_total{reason="no-such-path"} 1');
  expect(text).toContain('pdaltagent_gateway_events_in_flight 0');
  expect(text + JSON.stringify(gateway.log)).not.toContain(KEY);
});

it('finishes pending requests when it stops, and accepts no new ones', async () => {
  gateway = await startGateway();
  let confirm = (): void => undefined;
  gateway.sink.gate = new Promise((resolve) => (confirm = resolve));
  const response = fetch(gateway.url + ROUTE, { method: 'POST', body: BODY });
  expect((await post(ROUTE, '{')).status).toBe(400);
  const stopped = gateway.stop();
  await expect(fetch(gateway.url)).rejects.toThrow('fetch failed');
  confirm();
  expect((await response).status).toBe(202);
  await stopped;
});

it('names the variable of a port that is in use', async () => {
  gateway = await startGateway();
  const httpPort = gateway.ports.http ?? 0;
  await expect(startGateway({ httpPort })).rejects.toThrow(
    `PDAGENTD_HTTP_PORT: port ${httpPort} is in use by another process`,
  );
});

it('listens on a single address if configured', async () => {
  gateway = await startGateway({ listenAddress: '127.0.0.1' });
  expect((await fetch(gateway.url)).status).toBe(200);
  await expect(fetch(`http://127.0.0.2:${gateway.ports.http}`)).rejects.toThrow('fetch failed');
  await expect(startGateway({ listenAddress: '192.0.2.1' })).rejects.toThrow(
    'PDAGENTD_LISTEN_ADDRESS is not an address of this host',
  );
});

it('answers 413 to an event that is over 512 KB with the dedup key that it is given', async () => {
  gateway = await startGateway();
  const status = async (bytes: number) => {
    const event = {
      routing_key: KEY,
      event_action: 'trigger',
      payload: { summary: 's', source: 's', severity: 'info' },
    };
    const rest = bytes - JSON.stringify({ ...event, client: '' }).length;
    return (await post(ROUTE, JSON.stringify({ ...event, client: 'x'.repeat(rest) }))).status;
  };
  expect([await status(512 * 1024 - 100), await status(512 * 1024)]).toEqual([202, 413]);
});

describe('PDAGENTD_STRICT', () => {
  it('rejects what would be truncated', async () => {
    gateway = await startGateway({ strict: true });
    const payload = { summary: 'x'.repeat(2000), source: 's', severity: 'info' };
    const event = { routing_key: KEY, event_action: 'trigger', payload };
    expect(await post(ROUTE, JSON.stringify(event))).toMatchObject({
      status: 400,
      body: { errors: ["'summary' is too long (maximum is 1024 characters)"] },
    });
    const big = { ...event, payload: { ...payload, summary: 's', custom_details: 'x'.repeat(600_000) } };
    expect((await post(ROUTE, JSON.stringify(big))).status).toBe(413);
  });

  it('rejects an event with an optional part that would be removed', async () => {
    gateway = await startGateway({ strict: true });
    const payload = { summary: 's', source: 's', severity: 'CRITICAL', timestamp: '2026-05-31T09:10:11Z' };
    const event = { routing_key: KEY, event_action: 'trigger', payload, images: [{ alt: 'no src' }] };
    expect(await post(ROUTE, JSON.stringify(event))).toMatchObject({
      status: 400,
      body: {
        errors: [
          "'payload.severity' is invalid (must be one of the following: 'critical', 'warning', 'error' or 'info')",
          "'images[0].src' is missing or blank",
        ],
      },
    });
    const resolve = { service_key: KEY, event_type: 'resolve', incident_key: 'a', description: 5 };
    expect(await post('/generic/2010-04-15/create_event.json', JSON.stringify(resolve))).toMatchObject({
      status: 400,
      body: { errors: ['Description is not a string'] },
    });
  });
});

function scrubOf(change: (body: string) => string): Scrub {
  const now = (parts: ScrubbableParts) => ({ ...parts, body: Buffer.from(change(parts.body.toString())) });
  return { now, later: (parts) => Promise.resolve(now(parts)) };
}

describe('scrubbing', () => {
  it('comes before the keys: the order key contains the scrubbed dedup key', async () => {
    gateway = await startGateway({
      scrub: scrubOf((body) => body.replaceAll('me@example.com', 'EMAIL')),
    });
    const event = (dedup_key: string, summary: string) =>
      JSON.stringify({
        routing_key: KEY,
        event_action: 'trigger',
        dedup_key,
        payload: { summary, source: 's', severity: 'info' },
      });
    await post(ROUTE, event('disk me@example.com', 'me@example.com'));
    expect(gateway.sink.messages.at(-1)?.body.toString()).toBe(event('disk EMAIL', 'EMAIL'));
    expect(gateway.sink.messages.at(-1)?.orderKey).toBe(`${KEY}:disk EMAIL`);
    await post(`/x-ere/${KEY}`, 'from=me@example.com');
    expect(gateway.sink.messages.at(-1)?.body.toString()).toBe('from=EMAIL');
  });

  it('may make an optional part invalid: it is left out, with a warning in the response and in the log', async () => {
    gateway = await startGateway({
      scrub: scrubOf((body) => body.replace('2026-05-31', 'NUMBER')),
    });
    const payload = { summary: 's', source: 's', severity: 'info' };
    const event = { routing_key: KEY, event_action: 'trigger', dedup_key: 'a', payload };
    const sent = { ...event, payload: { ...payload, timestamp: '2026-05-31' }, client: 5 };
    expect(await post(ROUTE, JSON.stringify(sent))).toMatchObject({
      status: 202,
      body: {
        warnings: [
          expect.stringContaining("'client' is not a string"),
          expect.stringContaining("'payload.timestamp' is invalid"),
        ],
      },
    });
    expect(gateway.sink.messages.at(-1)?.body.toString()).toBe(JSON.stringify(event));
    const lines = gateway.log.filter(({ message }) => message.includes('without an optional part'));
    expect(lines.map(({ fields }) => fields['part'])).toEqual(['client', 'payload.timestamp']);
  });
});
