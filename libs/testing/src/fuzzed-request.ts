import fc from 'fast-check';

const KEY = '01234567890123456789012345678901';

/** A request, valid or not. */
export interface FuzzedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
}

function events(anyText: fc.Arbitrary<string>): fc.Arbitrary<unknown> {
  const anyValue = fc.jsonValue({ stringUnit: 'binary', maxDepth: 2 });
  return fc.record(
    {
      routing_key: fc.oneof({ weight: 19, arbitrary: fc.constant<unknown>(KEY) }, { weight: 1, arbitrary: anyValue }),
      event_action: fc.constantFrom('trigger', 'trigger', 'acknowledge', 'resolve'),
      dedup_key: fc.oneof(
        { weight: 18, arbitrary: fc.stringMatching(/^[a-z/]{1,20}$/) },
        { weight: 1, arbitrary: fc.constantFrom(null, '', ' ') },
        { weight: 1, arbitrary: anyValue },
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
      client: fc.oneof(fc.constant(null), anyText),
      agent: anyValue,
      ['__proto__']: anyValue,
    },
    { requiredKeys: ['routing_key', 'event_action', 'payload'] },
  );
}

/** JSON with whitespace and numbers that a serializer would change. */
function jsonOf(values: fc.Arbitrary<unknown>): fc.Arbitrary<Buffer> {
  return fc
    .tuple(values, fc.constantFrom(undefined, 1, '\t'), fc.constantFrom('', '\ufeff', ' \r\n'), fc.boolean())
    .map(([value, indent, before, withNumbers]) => {
      const text = JSON.stringify(value, undefined, indent);
      const numbers = withNumbers ? text.replace(/\}$/, ',"n":[1.0,-0,1e400,12345678901234567890]}') : text;
      return Buffer.from(before + numbers);
    });
}

function mutated(valid: fc.Arbitrary<Buffer>): fc.Arbitrary<Buffer> {
  return fc.tuple(valid, fc.nat(), fc.nat(255)).map(([bytes, position, byte]) => {
    const copy = Buffer.from(bytes);
    copy[position % copy.length] = byte;
    return copy;
  });
}

/** Header values, mostly valid. */
function headerTexts(): fc.Arbitrary<string> {
  return fc
    .uint8Array({ maxLength: 20 })
    .map((bytes) => Buffer.from(bytes).toString('latin1'))
    .map((text) => (text.length % 4 === 0 ? text : text.replace(/[^\t -~\x80-\xff]/g, '.')));
}

/**
 * Requests to the gateway: most of them valid, the others invalid in any part. A function, because fast-check's tables of
 * characters take a second and much memory, which every test file that imports this library would pay for.
 */
export function fuzzedRequests(): fc.Arbitrary<FuzzedRequest> {
  const anyText = fc.string({ unit: 'grapheme', maxLength: 20 });
  const jsonBytes = jsonOf(events(anyText));
  return fc.record({
    method: fc.oneof(
      { weight: 20, arbitrary: fc.constant('POST') },
      { weight: 1, arbitrary: fc.constantFrom('PUT', 'X') },
    ),
    path: fc.oneof(
      { weight: 12, arbitrary: fc.constant('/v2/enqueue') },
      { weight: 3, arbitrary: fc.constantFrom(`/integration/${KEY}/enqueue`, `/x-ere/${KEY}?a=%zz&b=1`) },
      { weight: 1, arbitrary: fc.constantFrom('/v2/enqueue/?x=1', 'http://pagerduty/v2/enqueue', '//v2/enqueue') },
      { weight: 1, arbitrary: anyText.map((text) => `/x-ere/${encodeURIComponent(text)}`) },
      { weight: 1, arbitrary: anyText.map((text) => `/${text.replace(/[^!-~]/g, '')}`) },
    ),
    headers: fc.record(
      {
        'content-type': fc.constantFrom('application/json', 'text/plain', 'multipart/form-data', 'x', ''),
        'content-encoding': fc.constantFrom('identity', 'IDENTITY', '', 'identity', 'identity', 'gzip', 'br'),
        'x-routing-key': fc.constantFrom(KEY, 'x', ''),
        traceparent: fc.constantFrom('x', `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`),
        'x-vendor': headerTexts(),
      },
      { requiredKeys: [] },
    ),
    body: fc.oneof(
      { weight: 20, arbitrary: jsonBytes },
      { weight: 4, arbitrary: mutated(jsonBytes) },
      { weight: 1, arbitrary: fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes)) },
    ),
  });
}

const BYTE_ORDER_MARK = Buffer.from('\ufeff');

/** The body that must arrive for an accepted request, apart from a generated key: a vendor's unchanged, an event's without byte order mark. */
export function expectedBody({ path, body }: FuzzedRequest): Buffer {
  const isVendors = /^\/(integration|x-ere)\//.test(path);
  const isMarked = body.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK);
  return isMarked && !isVendors ? body.subarray(BYTE_ORDER_MARK.length) : body;
}

/** Removes a generated dedup key, whether it was inserted or replaced an empty one, to restore the body as sent. */
export function withoutGeneratedKey(body: Buffer, sent: Buffer, key: string): Buffer {
  const text = body.toString('latin1');
  const put = `"dedup_key":"${key}"`;
  const at = text.indexOf(put);
  if (at >= 0) {
    const isFollowed = text[at + put.length] === ',';
    const taken = Buffer.from(text.slice(0, at) + text.slice(at + put.length + (isFollowed ? 1 : 0)), 'latin1');
    if (taken.equals(sent)) return taken;
  }
  const valueAt = text.indexOf(`"${key}"`);
  const tail = body.subarray(valueAt + key.length + 2);
  return Buffer.concat([body.subarray(0, valueAt), sent.subarray(valueAt, sent.length - tail.length), tail]);
}
