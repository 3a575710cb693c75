import fc from 'fast-check';
import { createScrubber } from './scrubber';

const scrubber = createScrubber({ secret: 'a secret of the test' });

const PLANTED = [
  'jane.doe@example.com',
  'joe%40example.com',
  '4111 1111 1111 1111',
  '378282246310005',
  'GB82WEST12345698765432',
  '536-22-8726',
  '+44 20 7946 0958',
  '(415) 555-0132',
  '1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa',
  'password=hunter3!',
  `ghp_${'a1B2c3D4e5F6g7H8i9J0'.repeat(2).slice(0, 36)}`,
  'amqp://app:Tr0ub4dor@rabbit/x',
];
/** The part of each that must no longer be visible. */
const VISIBLE = [
  'jane.doe',
  'joe%40',
  '4111 1111',
  '378282246310005',
  'GB82WEST',
  '536-22',
  '7946 0958',
  '555-0132',
  '1A1zP1',
  'hunter3',
  'ghp_a1',
  'Tr0ub4dor',
];

const word = fc.constantFrom(
  'disk',
  'full',
  'on',
  'db-07',
  'at',
  '99%',
  'café',
  '磁盘',
  '😀',
  '"quoted"',
  'a\\b',
  '\n',
  '\t',
  '{{PHONE}}',
  '{x}',
  '\u0000',
);
const prose = fc
  .array(fc.oneof(word, fc.constantFrom(...PLANTED), fc.string({ unit: 'binary', maxLength: 8 })), { maxLength: 8 })
  .map((words) => words.join(' '));
const details = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    prose,
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.boolean(),
    fc.constant(null),
    tie('object'),
    tie('list'),
  ),
  list: fc.array(tie('value'), { maxLength: 3 }),
  object: fc.dictionary(
    fc.oneof(fc.string({ maxLength: 6 }), fc.constantFrom('password', 'email', '__proto__', 'phone')),
    tie('value'),
    { maxKeys: 3 },
  ),
}));
const event = fc.record({
  routing_key: fc.constantFrom('0123456789abcdef0123456789abcdef', 'jane.doe@example.com'),
  event_action: fc.constantFrom('trigger', 'resolve'),
  dedup_key: prose,
  payload: fc.record({
    summary: prose,
    source: prose,
    severity: fc.constant('critical'),
    timestamp: fc.constant('536-22-8726'),
    custom_details: details.object,
  }),
  client_url: prose.map((text) => `https://example.com/x?q=${text}`),
  links: fc.array(fc.record({ href: prose, text: prose }), { maxLength: 2 }),
});

/** The shape of a value: every string blanked. */
function shapeOf(value: unknown): unknown {
  if (typeof value === 'string') return '';
  if (Array.isArray(value)) return value.map(shapeOf);
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value).map(([key, member]) => [key, shapeOf(member)]);
}

const scrubbed = (body: string, type: 'v2' | 'integration' = 'v2'): string =>
  scrubber.scrubBody(type, 'application/json', Buffer.from(body)).bytes.toString();

describe('any event', () => {
  it('stays valid JSON of the same shape, with its protected fields equal', () => {
    fc.assert(
      fc.property(event, fc.constantFrom('v2' as const, 'integration' as const), (sent, type) => {
        const result = JSON.parse(scrubbed(JSON.stringify(sent), type)) as typeof sent;
        expect(shapeOf(result)).toEqual(shapeOf(JSON.parse(JSON.stringify(sent))));
        expect(result.routing_key).toBe(sent.routing_key);
        expect(result.event_action).toBe(sent.event_action);
        expect(result.payload.severity).toBe(sent.payload.severity);
        expect(result.payload.timestamp).toBe(sent.payload.timestamp);
      }),
      { numRuns: 400 },
    );
  });

  it('does not change when scrubbed again', () => {
    fc.assert(
      fc.property(event, (sent) => {
        const once = scrubbed(JSON.stringify(sent));
        expect(scrubbed(once)).toBe(once);
      }),
      { numRuns: 400 },
    );
  });

  it('does not contain values that were planted in its prose', () => {
    const planted = fc.array(fc.constantFrom(...PLANTED), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(
        planted,
        fc.array(fc.constantFrom('disk', 'full', '磁盘', '😀', 'db-07', '\n'), { maxLength: 4 }),
        (values, words) => {
          const text = values.map((value, index) => `${words[index] ?? 'seen'} ${value}`).join('; ');
          const result = scrubbed(
            JSON.stringify({ payload: { summary: text, custom_details: { a: [text] } }, details: text }),
          );
          for (const trace of VISIBLE) expect(result).not.toContain(trace);
        },
      ),
      { numRuns: 400 },
    );
  });

  it('keeps every other character, including surrogates and control characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => {
        const body = JSON.stringify({ a: `${text} jane.doe@example.com` });
        const result = JSON.parse(scrubbed(body)) as { a: string };
        fc.pre(scrubber.explain(text).length === 0 && !/[\p{L}\p{N}\p{M}]$/u.test(text));
        expect(result.a).toBe(`${text} {{EMAIL_ADDRESS}}`);
      }),
      { numRuns: 400 },
    );
  });

  it('never throws for any text', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.string(),
        (text, key) => typeof scrubber.scrubText(text, key).text === 'string',
      ),
    );
  });
});

describe('2,000 events without personal data', () => {
  const hex = (length: number) =>
    fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: length, maxLength: length });
  const host = fc
    .tuple(
      fc.constantFrom('db', 'web', 'k8s-node', 'cache'),
      fc.nat(99),
      fc.constantFrom('prod.example.com', 'eu-west-1.svc.cluster.local', 'corp.internal'),
    )
    .map(([name, n, zone]) => `${name}-${n}.${zone}`);
  const fact = fc.oneof(
    host,
    fc.uuid(),
    hex(40).map((sha) => `commit ${sha}`),
    hex(64).map((sha) => `sha256:${sha}`),
    hex(12).map((id) => `container ${id} exited (137)`),
    fc.tuple(hex(10), hex(5)).map(([set, pod]) => `pod checkout-${set}-${pod} OOMKilled`),
    fc.integer({ min: 1_600_000_000, max: 1_800_000_000 }).map((epoch) => `epoch ${epoch}`),
    fc.tuple(fc.nat(99), fc.nat(99), fc.nat(999)).map((version) => `version ${version.join('.')}`),
    fc.tuple(fc.nat(255), fc.nat(255)).map(([a, b]) => `10.0.${a}.${b}:8080 refused`),
    fc.nat(1e9).map((bytes) => `${bytes} bytes in queue`),
    fc.nat(1e6).map((order) => `order ${order} delayed`),
    fc.date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true }).map((date) => date.toISOString()),
    fc.nat(99).map((count) => `${count} errors in the last hour on ${count} hosts`),
  );
  const clean = fc.record({
    routing_key: hex(32),
    event_action: fc.constant('trigger'),
    dedup_key: fc.tuple(host, fc.nat(9999)).map(([name, n]) => `${name}/check_${n}`),
    payload: fc.record({
      summary: fc.array(fact, { minLength: 1, maxLength: 3 }).map((facts) => facts.join(', ')),
      source: host,
      severity: fc.constantFrom('critical', 'info'),
      timestamp: fc.constant('2024-01-01T00:00:00Z'),
      custom_details: fc.dictionary(
        fc.constantFrom('trace_id', 'fingerprint', 'build', 'count', 'note'),
        fc.oneof(fact, fc.integer()),
      ),
    }),
    client_url: fc.nat(9999).map((id) => `https://grafana.example.com/d/${id}?orgId=1&from=1697103067123`),
  });

  it('are returned as the same bytes', () => {
    fc.assert(
      fc.property(clean, (sent) => {
        const bytes = Buffer.from(JSON.stringify(sent));
        const result = scrubber.scrubBody('v2', 'application/json', bytes);
        expect(result.bytes.toString()).toBe(bytes.toString());
        expect(result.bytes).toBe(bytes);
      }),
      { numRuns: 2000 },
    );
  });
});
