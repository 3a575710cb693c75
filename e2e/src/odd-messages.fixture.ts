import { EVENTS, laneKey, laneOf, MESSAGE_TYPES, sidingKey, tableKey } from '@pdaltagent/messaging';
import fc from 'fast-check';
import { array, double, entry, integer, nestedArrays, nestedTables, tableOf, text } from './amqp-values.fixture';
import { FORWARDED, NAMES } from './odd-names.fixture';
import { LARGEST_HEADERS, longString, type RawMessage, type RawProperties, shortString } from './raw-publisher.fixture';

/** A message that someone with access to the broker may publish. */
export interface OddMessage extends RawMessage {
  readonly number: number;
  readonly oddities: readonly string[];
  /** A table or mark of lanes, which they keep for themselves; not an event. */
  readonly isOwn: boolean;
}

interface Draft {
  readonly routingKey: string;
  readonly lane: string;
  readonly properties: RawProperties;
  readonly headers: ReadonlyMap<string, Buffer>;
  readonly body: Buffer;
  readonly isOwn: boolean;
}

interface Oddity {
  readonly name: string;
  readonly apply: (draft: Draft, number: number) => Draft;
}

/** More than a stack holds. RabbitMQ's time for a message is quadratic in it: 20,000 keep the broker busy for seconds. */
const LEVELS = [100, 1_000, 2_000, 3_000, 5_000, 8_000] as const;
const NUMBERS = [0, -0, -1, 0.5, 1e15, 1e300, -1e300, 5e-324] as const;

function anyBytes(maxLength: number): fc.Arbitrary<Buffer> {
  return fc.oneof(
    fc.uint8Array({ maxLength }).map((bytes) => Buffer.from(bytes)),
    fc
      .constantFrom('', ' ', '\0', '.', '..', '/', '\r\nx: y', '\u001b[2J', '💥', 'a'.repeat(maxLength))
      .map((value) => Buffer.from(value)),
    fc.constant(Buffer.alloc(maxLength, 0xff)),
  );
}

/** A header's value of any type that RabbitMQ accepts; it ends the connection of who publishes others. */
function anyValue(depth = 2): fc.Arbitrary<Buffer> {
  const flat = [
    anyBytes(300).map(text),
    anyBytes(300).map((bytes) => Buffer.concat([Buffer.from('x'), longString(bytes)])),
    fc.constantFrom(...NUMBERS).map(double),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(integer),
    fc.constantFrom(0n, 1n, -1n, 2n ** 53n, 2n ** 63n - 1n, -(2n ** 63n)).map(integer),
    fc
      .constantFrom(
        'V',
        't\0',
        't\x01',
        'b\x80',
        's\x80\0',
        'I\x80\0\0\0',
        'f\x7f\x7f\xff\xff',
        'D\xff\xff\xff\xff\xff',
      )
      .map((bytes) => Buffer.from(bytes, 'latin1')),
    fc
      .constantFrom('B\xff', 'u\xff\xff', 'i\xff\xff\xff\xff', 'T\xff\xff\xff\xff\xff\xff\xff\xff')
      .map((bytes) => Buffer.from(bytes, 'latin1')),
  ];
  if (depth === 0) return fc.oneof(...flat);
  const inner = anyValue(depth - 1);
  const names = fc.oneof(fc.constantFrom<string | Buffer>(...NAMES), anyBytes(255));
  return fc.oneof(
    ...flat,
    fc.array(inner, { maxLength: 4 }).map((values) => array(Buffer.concat(values))),
    fc.array(fc.tuple(names, inner), { maxLength: 4 }).map((entries) => tableOf(entries)),
  );
}

const withHeader = (draft: Draft, name: string, value: Buffer): Draft => ({
  ...draft,
  headers: new Map([...draft.headers, [name, value]]),
});

function oddProperties(): fc.Arbitrary<Oddity> {
  const texts = [
    'contentType',
    'contentEncoding',
    'correlationId',
    'replyTo',
    'messageId',
    'type',
    'appId',
    'clusterId',
  ] as const;
  return fc.oneof(
    fc.tuple(fc.constantFrom(...texts), anyBytes(255)).map(([name, bytes]) => ({
      name: `property ${name} ${bytes.toString('latin1').slice(0, 20)}`,
      apply: (draft: Draft, number: number) => {
        const value =
          name === 'messageId' && bytes.length > 0 ? Buffer.concat([Buffer.from(`${number}`), bytes]) : bytes;
        return { ...draft, properties: { ...draft.properties, [name]: shortString(value) } };
      },
    })),
    fc
      .constantFrom<keyof RawProperties>('messageId', 'type', 'contentType', 'deliveryMode', 'timestamp')
      .map((name) => ({
        name: `no property ${name}`,
        apply: (draft: Draft) => {
          return { ...draft, properties: { ...draft.properties, [name]: undefined } };
        },
      })),
    fc.constantFrom(0, 1, 127, 128, 255).map((value) => ({
      name: `priority ${value}`,
      apply: (draft: Draft) => ({ ...draft, properties: { ...draft.properties, priority: Buffer.from([value]) } }),
    })),
    fc.constantFrom(1, 2).map((value) => ({
      name: `delivery mode ${value}`,
      apply: (draft: Draft) => ({ ...draft, properties: { ...draft.properties, deliveryMode: Buffer.from([value]) } }),
    })),
    fc.constantFrom(0, 127, 255).map((value) => ({
      name: `timestamp of bytes ${value}`,
      apply: (draft: Draft) => ({ ...draft, properties: { ...draft.properties, timestamp: Buffer.alloc(8, value) } }),
    })),
    fc.constantFrom('0', '1', '4294967295').map((value) => ({
      name: `expiration ${value}`,
      apply: (draft: Draft) => ({ ...draft, properties: { ...draft.properties, expiration: shortString(value) } }),
    })),
    fc.constantFrom(...MESSAGE_TYPES).map((type) => ({
      name: `type ${type}`,
      apply: (draft: Draft) => ({ ...draft, properties: { ...draft.properties, type: shortString(type) } }),
    })),
  );
}

function oddHeaders(): fc.Arbitrary<Oddity> {
  const forwarded = fc.array(fc.tuple(fc.constantFrom(...FORWARDED), anyBytes(300)), { maxLength: 8 });
  return fc.oneof(
    {
      weight: 6,
      arbitrary: fc.tuple(fc.constantFrom(...NAMES), anyValue()).map(([name, value]) => ({
        name: `header ${name} ${value.toString('latin1').slice(0, 30)}`,
        apply: (draft: Draft) => withHeader(draft, name, value),
      })),
    },
    {
      weight: 1,
      arbitrary: fc.tuple(anyBytes(255), anyValue()).map(([name, value]) => ({
        name: 'header with any name',
        apply: (draft: Draft) => withHeader(draft, name.toString('latin1'), value),
      })),
    },
    {
      weight: 2,
      arbitrary: fc.constantFrom('routing_key', 'order_key', 'received_at').map((name) => ({
        name: `no header ${name}`,
        apply: (draft: Draft) => ({
          ...draft,
          headers: new Map([...draft.headers].filter(([other]) => other !== name)),
        }),
      })),
    },
    {
      weight: 3,
      arbitrary: forwarded.map((entries) => ({
        name: `forward ${entries.map(([name]) => name).join(' ')}`,
        apply: (draft: Draft) =>
          withHeader(draft, 'forward', tableOf(entries.map(([name, value]) => [name, text(value)]))),
      })),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom('CC', 'BCC').map((name) => ({
        name: `${name} to other queues`,
        apply: (draft: Draft) =>
          withHeader(draft, name, array(Buffer.concat([text(EVENTS.deadLetters), text(laneKey(3))]))),
      })),
    },
    {
      weight: 1,
      arbitrary: fc
        .constantFrom('routing_key', 'order_key', 'query', 'content_type', 'traceparent', 'x')
        .map((name) => ({
          name: `large header ${name}`,
          apply: (draft: Draft) => withHeader(draft, name, text(Buffer.alloc(LARGEST_HEADERS - 1_000, 0x20))),
        })),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom(8_000, 16_000, 40_000).map((bytes) => ({
        name: `forward of ${bytes} bytes`,
        apply: (draft: Draft) => withHeader(draft, 'forward', tableOf([['x-large', text('v'.repeat(bytes))]])),
      })),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom(...LEVELS).map((levels) => ({
        name: `tables nested ${levels} times`,
        apply: (draft: Draft) => withHeader(draft, 'deep', nestedTables(levels)),
      })),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom(...LEVELS).map((levels) => ({
        name: `arrays nested ${levels} times`,
        apply: (draft: Draft) => withHeader(draft, 'forward', nestedArrays(levels)),
      })),
    },
    {
      weight: 1,
      arbitrary: fc.constant({
        name: 'many small tables',
        apply: (draft: Draft) => withHeader(draft, 'wide', array(Buffer.alloc(5 * 20_000, Buffer.from('F\0\0\0\0')))),
      }),
    },
  );
}

function oddBodies(): fc.Arbitrary<Oddity> {
  const body = (name: string, make: (number: number) => Buffer): Oddity => ({
    name,
    apply: (draft, number) => ({ ...draft, body: make(number) }),
  });
  return fc.constantFrom(
    body('an empty body', () => Buffer.alloc(0)),
    body('a body that nests deeply', (number) => Buffer.from(`{"odd":"<${number}>","a":${'['.repeat(100_000)}`)),
    body('a body of 600 KB', (number) => Buffer.concat([Buffer.from(`<${number}>`), Buffer.alloc(600_000, 0xff)])),
    body('a body of a frame', (number) =>
      Buffer.concat([Buffer.from(`<${number}>`.padEnd(20)), Buffer.alloc(131_044, 0)]),
    ),
    body('a body that is a request', (number) => Buffer.from(`<${number}>\r\nPOST /other HTTP/1.1\r\nhost: x\r\n\r\n`)),
  );
}

function oddQueues(): fc.Arbitrary<Oddity> {
  const lanes = fc.nat(EVENTS.lanes - 1);
  const keys = fc.constantFrom<unknown>(
    { 'some key': [0] },
    { 'some key': [99, -1, 0.5, null, 'x'] },
    { ['__proto__']: [0], constructor: [1], toString: [2] },
    [[0], [1]],
    'text',
    Object.fromEntries(Array.from({ length: 2_000 }, (_, at) => [`key ${at}`, [at % 4]])),
  );
  return fc.oneof(
    lanes.map((lane) => ({
      name: `lane ${lane}`,
      apply: (draft: Draft) => ({ ...draft, lane: laneKey(lane) }),
    })),
    fc.tuple(lanes, fc.nat(EVENTS.sidings - 1)).map(([lane, siding]) => ({
      name: `siding ${lane} ${siding}`,
      apply: (draft: Draft) => ({ ...draft, lane: sidingKey(lane, siding) }),
    })),
    lanes.map((lane) => ({
      name: `table queue ${lane}`,
      apply: (draft: Draft) => ({ ...draft, lane: tableKey(lane) }),
    })),
    fc.tuple(lanes, fc.nat(EVENTS.sidings - 1), fc.boolean(), keys).map(([lane, siding, isTable, content]) => ({
      name: `a table of lane ${lane}: ${(JSON.stringify(content) ?? '').slice(0, 60)}`,
      apply: (draft: Draft) => ({
        ...draft,
        isOwn: true,
        lane: isTable ? tableKey(lane) : sidingKey(lane, siding),
        headers: new Map([['version', integer(1n)]]),
        properties: { ...draft.properties, type: shortString('table') },
        body: Buffer.from(JSON.stringify({ keys: content })),
      }),
    })),
  );
}

/** As many of them as fit into a frame, the last ones first: a larger frame is not read. */
function headersOf({ headers }: Draft): Buffer {
  const entries = [...headers].map(([name, value]) => entry(name, value)).reverse();
  let bytes = 0;
  return Buffer.concat(entries.filter(({ length }) => (bytes += length) <= LARGEST_HEADERS));
}

/** Sound events, accepted at this time, with one oddity to three. */
export function oddMessages(acceptedAt: number): fc.Arbitrary<(number: number) => OddMessage> {
  const oddities = fc.array(
    fc.oneof(
      { weight: 6, arbitrary: oddProperties() },
      { weight: 10, arbitrary: oddHeaders() },
      { weight: 1, arbitrary: oddBodies() },
      { weight: 1, arbitrary: oddQueues() },
    ),
    { minLength: 1, maxLength: 3 },
  );
  return oddities.map((chosen) => (number) => {
    const key = `R${String(number % 97).padStart(31, '0')}`;
    let draft: Draft = {
      routingKey: key,
      lane: laneKey(laneOf(EVENTS, key)),
      isOwn: false,
      properties: {
        contentType: shortString('application/json'),
        deliveryMode: Buffer.from([2]),
        messageId: shortString(`odd-${number}`),
        type: shortString('v2'),
      },
      headers: new Map([
        ['routing_key', text(key)],
        ['order_key', text(`${key}:${number % 301}`)],
        ['received_at', integer(BigInt(acceptedAt))],
      ]),
      body: Buffer.from(JSON.stringify({ odd: `<${number}>`, event_action: 'trigger' })),
    };
    for (const { apply } of chosen) draft = apply(draft, number);
    const headers = longString(headersOf(draft));
    return {
      number,
      oddities: chosen.map(({ name }) => name),
      isOwn: draft.isOwn,
      exchange: EVENTS.exchange,
      routingKey: draft.lane,
      properties: { ...draft.properties, headers },
      body: draft.body,
    };
  });
}
