import fc from 'fast-check';
import {
  generateDedupKey,
  orderKeyOf,
  pathOf,
  readDocument,
  vendorDedupKeyOf,
  vendorEventIn,
  withDedupKey,
  type ApiType,
} from './index';

const KEY = '01234567890123456789012345678901';
const MADE = 'f'.repeat(32);

function spliced(type: ApiType, bytes: Buffer): Buffer {
  const reading = readDocument(bytes);
  if (!reading.ok) throw new Error(reading.error);
  return withDedupKey(type, reading.document, MADE);
}

describe('a generated dedup key', () => {
  it('is 32 lower-case hex digits and different each time', () => {
    expect(generateDedupKey()).toMatch(/^[0-9a-f]{32}$/);
    expect(generateDedupKey()).not.toBe(generateDedupKey());
  });

  it.each([
    ['{"a":1.0}', `{"dedup_key":"${MADE}","a":1.0}`],
    [' \n{ "a" : 1 }\n', ` \n{"dedup_key":"${MADE}", "a" : 1 }\n`],
    ['\ufeff{"a":1}', `{"dedup_key":"${MADE}","a":1}`],
    ['{}', `{"dedup_key":"${MADE}"}`],
    ['{ }', `{"dedup_key":"${MADE}" }`],
    ['{"a":{"dedup_key":null}}', `{"dedup_key":"${MADE}","a":{"dedup_key":null}}`],
    ['{"dedup_key": null ,"a":1}', `{"dedup_key": "${MADE}" ,"a":1}`],
    ['{"a":1,"dedup_key":""}', `{"a":1,"dedup_key":"${MADE}"}`],
    ['{"a":1,"dedup\\u005fkey":""}', `{"a":1,"dedup\\u005fkey":"${MADE}"}`],
  ])('is inserted into %j', (before, after) => {
    expect(spliced('v2', Buffer.from(before)).toString()).toBe(after);
  });

  it('is called incident_key in a legacy event', () => {
    expect(spliced('v1', Buffer.from('{"dedup_key":null}')).toString()).toBe(
      `{"incident_key":"${MADE}","dedup_key":null}`,
    );
  });

  it('changes no other byte of any object, however it is formatted', () => {
    const members = fc.dictionary(
      fc.string({ unit: 'binary' }).filter((name) => name !== 'dedup_key'),
      fc.jsonValue({ stringUnit: 'binary' }),
    );
    const space = fc.constantFrom('', ' ', '\n', '\t ', '\r\n');
    fc.assert(
      fc.property(members, space, space, fc.constantFrom(undefined, 1, 2), (value, before, after, indent) => {
        const text = before + JSON.stringify(value, undefined, indent) + after;
        const result = spliced('v2', Buffer.from(text)).toString();
        const made = `"dedup_key":"${MADE}"${Object.keys(value).length > 0 ? ',' : ''}`;
        expect(result).toBe(text.replace('{', () => `{${made}`));
        expect(JSON.parse(result)).toEqual({ ...(JSON.parse(text) as object), dedup_key: MADE });
      }),
    );
  });

  it('replaces an empty one and changes no other byte', () => {
    const value = fc.jsonValue({ stringUnit: 'binary' });
    fc.assert(
      fc.property(value, value, fc.constantFrom('null', '""', '" "'), (first, last, empty) => {
        const around = (key: string) =>
          `{"a":${JSON.stringify(first)}, "dedup_key": ${key}\n,"z":${JSON.stringify(last)}}`;
        expect(spliced('v2', Buffer.from(around(empty))).toString()).toBe(around(`"${MADE}"`));
      }),
    );
  });
});

describe('the order key', () => {
  it('consists of routing key and dedup key of an alert', () => {
    expect(orderKeyOf({ type: 'v2', id: 'id', routingKey: KEY, dedupKey: 'a:b' })).toBe(`${KEY}:a:b`);
  });

  it('is the same for v1 and v2, which share alerts', () => {
    const alert = { id: 'id', routingKey: KEY, dedupKey: 'a' };
    expect(orderKeyOf({ type: 'v1', ...alert })).toBe(orderKeyOf({ type: 'v2', ...alert }));
  });

  it.each(['change', 'integration-change'] as const)('of a %s event is its own id', (type) => {
    expect(orderKeyOf({ type, id: 'id', routingKey: KEY })).toBe('id');
  });

  it.each([
    ['{"event_action":"resolve","dedup_key":"a"}', 'a'],
    ['{"event_action":"fire","dedup_key":"a"}', undefined],
    ['{"dedup_key":"a"}', undefined],
    ['{"event_action":"trigger"}', undefined],
    ['not json', undefined],
    // A key over PagerDuty's limit is ignored: it might not fit into a message's headers.
    [`{"event_action":"resolve","dedup_key":"${'🔥'.repeat(255)}"}`, '🔥'.repeat(255)],
    [`{"event_action":"resolve","dedup_key":"${'a'.repeat(256)}"}`, undefined],
  ])('of an orchestration: the dedup key of %j is %j', (body, dedupKey) => {
    expect(vendorDedupKeyOf(vendorEventIn('x-ere', Buffer.from(body)))).toBe(dedupKey);
  });

  it('of an integration does not depend on its body, whose transformer is unknown', () => {
    const body = Buffer.from('{"event_action":"resolve","dedup_key":"a"}');
    expect(vendorDedupKeyOf(vendorEventIn('integration', body))).toBeUndefined();
  });
});

it('has PagerDuty’s path for every type', () => {
  expect(pathOf('v2', KEY)).toBe('/v2/enqueue');
  expect(pathOf('v1', KEY)).toBe('/generic/2010-04-15/create_event.json');
  expect(pathOf('change', KEY)).toBe('/v2/change/enqueue');
  expect(pathOf('x-ere', KEY)).toBe(`/x-ere/${KEY}`);
  expect(pathOf('integration', KEY)).toBe(`/integration/${KEY}/enqueue`);
  expect(pathOf('integration-change', KEY)).toBe(`/integration/${KEY}/change/enqueue`);
  expect(pathOf('adapter', KEY, 'cloudwatch_sns/v1')).toBe(`/adapter/cloudwatch_sns/v1/${KEY}`);
});
