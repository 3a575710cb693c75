import http from 'node:http';
import fc from 'fast-check';
import { startGateway, type RunningGateway } from './gateway.fixture';

const RUNS = 3_000;
const KEY = '01234567890123456789012345678901';

let gateway: RunningGateway;
const agent = new http.Agent({ keepAlive: true, maxSockets: 4 });
beforeAll(async () => (gateway = await startGateway()));
afterAll(async () => {
  agent.destroy();
  await gateway.stop();
});

interface Sent {
  readonly method: string;
  readonly route: string;
  readonly headers: Record<string, string>;
  readonly body: Buffer;
}

function send({ method, route, headers, body }: Sent): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const options = { agent, method, port: gateway.ports.http, path: route, headers };
    const request = http.request(options, (response) => {
      let text = '';
      response.on('data', (chunk) => (text += String(chunk)));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    request.on('error', reject);
    request.end(body);
  });
}

const anyText = fc.string({ unit: 'grapheme', maxLength: 40 });
const anyValue = fc.jsonValue({ stringUnit: 'binary', maxDepth: 3 });
const nothing = fc.constant(undefined);

const alertEvent = fc.record(
  {
    routing_key: fc.oneof({ weight: 19, arbitrary: fc.constant(KEY) }, { weight: 1, arbitrary: anyValue }),
    event_action: fc.constantFrom('trigger', 'trigger', 'acknowledge', 'resolve'),
    dedup_key: fc.oneof(
      { weight: 18, arbitrary: fc.stringMatching(/^[a-z/]{1,20}$/) },
      fc.constantFrom(null, '', ' '),
      anyValue,
    ),
    payload: fc.record(
      {
        summary: fc.constant('disk full'),
        source: fc.constant('db1'),
        severity: fc.constantFrom('critical', 'info'),
        custom_details: anyValue,
      },
      { requiredKeys: ['summary', 'source', 'severity'] },
    ),
    client: anyValue,
    ['__proto__']: fc.oneof(nothing, anyValue),
  },
  { requiredKeys: ['routing_key', 'event_action', 'payload'] },
);

/** JSON with the white space and numbers that a serialiser would change. */
const jsonBytes = fc
  .tuple(alertEvent, fc.constantFrom(undefined, 1, '\t'), fc.constantFrom('', '\ufeff', ' \r\n'), fc.boolean())
  .map(([event, indent, before, withNumbers]) => {
    const text = JSON.stringify(event, undefined, indent);
    const numbers = withNumbers ? text.replace(/\}$/, ',"n":[1.0,-0,1e400,12345678901234567890]}') : text;
    return Buffer.from(before + numbers);
  });

const mutated = fc.tuple(jsonBytes, fc.nat(), fc.nat(255)).map(([bytes, position, byte]) => {
  const copy = Buffer.from(bytes);
  copy[position % copy.length] = byte;
  return copy;
});

const request: fc.Arbitrary<Sent> = fc.record({
  method: fc.oneof({ weight: 20, arbitrary: fc.constant('POST') }, fc.constantFrom('PUT', 'DELETE', 'PATCH')),
  route: fc.oneof(
    { weight: 10, arbitrary: fc.constant('/v2/enqueue') },
    fc.constantFrom(`/integration/${KEY}/enqueue`, `/x-ere/${KEY}`, '/v2/change/enqueue?x=%zz'),
    anyText.map((text) => `/x-ere/${encodeURIComponent(text)}`),
    anyText.map((text) => `/${text.replace(/[^!-~]/g, '')}`),
  ),
  headers: fc.record(
    {
      'content-type': fc.constantFrom('application/json', 'text/plain', 'multipart/form-data', 'x', ''),
      'content-encoding': fc.constantFrom('identity', 'IDENTITY', '', ' ', 'identity', 'identity', 'gzip', 'br'),
      'x-routing-key': fc.constantFrom(KEY, 'x', ''),
      traceparent: fc.constantFrom('x', `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`),
    },
    { requiredKeys: [] },
  ),
  body: fc.oneof(
    { weight: 20, arbitrary: jsonBytes },
    { weight: 4, arbitrary: mutated },
    fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes)),
  ),
});

it('answers whatever comes without a fault of its own, and changes no byte but for a made key', async () => {
  let accepted = 0;
  await fc.assert(
    fc.asyncProperty(request, async (sent) => {
      gateway.sink.messages.length = 0;
      const { status, text } = await send(sent);
      expect([200, 202, 400, 404, 405, 413, 415]).toContain(status);
      const answer = JSON.parse(text) as { status: string; dedup_key?: string };
      const [message, ...others] = gateway.sink.messages;
      expect(others).toEqual([]);
      expect(message !== undefined).toBe(status < 300);
      if (message === undefined) return;
      accepted += 1;
      expect(answer.status).toBe('success');
      expect(withoutMadeKey(message.body, sent.body, answer.dedup_key)).toEqual(sent.body);
    }),
    { numRuns: RUNS },
  );
  expect(accepted).toBeGreaterThan(RUNS / 3);
});

/** The body as it was sent: a made key is taken out again, whether it was put in or took the place of an empty one. */
function withoutMadeKey(body: Buffer, sent: Buffer, key: string | undefined): Buffer {
  if (body.equals(sent) || key === undefined) return body;
  const [, start = '', before = '', rest = ''] = /^(\ufeff?\s*\{)([^]*?)("[^]*)$/.exec(body.toString()) ?? [];
  const put = `"dedup_key":"${key}",`;
  if (rest.startsWith(put)) return Buffer.from(start + before + rest.slice(put.length));
  const at = body.indexOf(`"${key}"`);
  const tail = body.subarray(at + key.length + 2);
  return Buffer.concat([body.subarray(0, at), sent.subarray(at, sent.length - tail.length), tail]);
}
