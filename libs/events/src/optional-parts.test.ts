import fc from 'fast-check';
import { invalidParts, readDocument, withoutInvalidParts, type ApiType, type JsonObject } from './index';

const PAYLOAD = { summary: 'disk full', source: 'db1', severity: 'critical' };
const TRIGGER = { routing_key: 'k', event_action: 'trigger', payload: PAYLOAD };
const IMAGE = { src: 'https://grafana/1.png', href: 'https://grafana/1', alt: 'usage' };
const LINK = { href: 'https://wiki/disk', text: 'Runbook' };

function documentOf(text: string) {
  const reading = readDocument(Buffer.from(text));
  if (!reading.ok) throw new Error(reading.error);
  return reading.document;
}

function left(type: ApiType, text: string) {
  const { document, removed } = withoutInvalidParts(type, documentOf(text));
  return { text: document.bytes.toString(), errors: removed.map(({ error }) => error) };
}

const withTimestamp = (timestamp: unknown) => ({ ...TRIGGER, payload: { ...PAYLOAD, timestamp } });

describe('an event with valid optional parts', () => {
  it.each<readonly [what: string, type: ApiType, event: JsonObject]>([
    ['all of them', 'v2', { ...TRIGGER, images: [IMAGE], links: [LINK], client: 'c', client_url: 'https://c' }],
    ['nulls, which count as not given', 'v2', { ...TRIGGER, images: null, links: null, client: null }],
    ['nulls in the payload', 'v2', { ...TRIGGER, payload: { ...PAYLOAD, timestamp: null, group: null } }],
    ['empty lists and texts', 'v2', { ...TRIGGER, images: [], links: [], client: '', client_url: '' }],
    ['an image with nulls', 'v2', { ...TRIGGER, images: [{ src: 'https://a', href: null, alt: null, size: 3 }] }],
    ['details that are a list', 'v2', { ...TRIGGER, payload: { ...PAYLOAD, custom_details: [1, { a: [] }] } }],
    ['unknown members', 'v2', { ...TRIGGER, agent: 1, payload: { ...PAYLOAD, severity_number: 5 } }],
    ['a resolve with a blank payload', 'v2', { event_action: 'resolve', dedup_key: 'a', payload: '' }],
    ['a change event', 'change', { payload: { summary: 's', source: 'ci', timestamp: '2026-05-31' }, links: [LINK] }],
    [
      'a legacy event',
      'v1',
      {
        client: 'c',
        contexts: [
          { type: 'link', ...LINK },
          { type: 'image', ...IMAGE },
        ],
      },
    ],
  ])('is left as it is: %s', (_, type, event) => {
    const text = JSON.stringify(event, undefined, 1);
    expect(left(type, text)).toEqual({ text, errors: [] });
  });

  it.each([
    '2026-05-31T09:10:11Z',
    '2015-07-17T08:42:58.315+0000',
    '2011-05-06',
    '2011-05-06T17:00Z',
    '2011-05-06T03:30-07',
    '2026-05-31T09:10:11+05:30',
    '2026-05-31T09:10:11',
    '2024-02-29T24:00:00Z',
    '2024-02-29T24:00:00.000Z',
    '2016-12-31T23:59:60Z',
  ])('may have the timestamp %s', (timestamp) => {
    expect(invalidParts('v2', withTimestamp(timestamp))).toEqual([]);
  });
});

describe('an optional part that PagerDuty would reject', () => {
  it.each([
    '2026-05-31T 9:10:11.000Z',
    '14:14',
    '',
    ' 2026-05-31T09:10:11Z',
    '2021-10-22 5:01:32',
    'yesterday',
    '1717146611',
    1717146611,
    '2026-13-01',
    '2026-02-30T00:00:00Z',
    '2026-05-31T25:00:00Z',
    '2026-05-31T09:60Z',
    '2026-05-31T24:01Z',
    '2026-05-31T24:00:00.5Z',
    '2026-05-31 09:10:11+00:00',
    '20260531T091011Z',
    '2026-05-31Z',
    { at: '2026-05-31' },
  ])('is the timestamp %j', (timestamp) => {
    const { text, errors } = left('v2', JSON.stringify(withTimestamp(timestamp)));
    expect(JSON.parse(text)).toEqual(TRIGGER);
    expect(errors).toEqual([
      expect.stringMatching(/^'payload.timestamp' is invalid \(must be .* PagerDuty documents, such as .*\)$/),
    ]);
  });

  it.each<readonly [what: string, type: ApiType, event: JsonObject, without: JsonObject, errors: readonly string[]]>([
    [
      'an image without src',
      'v2',
      { ...TRIGGER, images: [{ src: '', href: 'https://a' }, IMAGE, {}] },
      { ...TRIGGER, images: [IMAGE] },
      ["'images[0].src' is missing or blank", "'images[2].src' is missing or blank"],
    ],
    [
      'a link without href',
      'v2',
      { links: [{ text: 'Runbook' }, { href: 5 }], ...TRIGGER },
      { links: [], ...TRIGGER },
      ["'links[0].href' is missing or blank", "'links[1].href' is not a string"],
    ],
    [
      'a value that is not a string',
      'v2',
      {
        ...TRIGGER,
        client: 1,
        client_url: ['https://c'],
        payload: { ...PAYLOAD, group: {}, class: true, component: 0 },
      },
      TRIGGER,
      [
        "'client' is not a string",
        "'client_url' is not a string",
        "'payload.component' is not a string",
        "'payload.group' is not a string",
        "'payload.class' is not a string",
      ],
    ],
    [
      'a member of an image',
      'v2',
      { ...TRIGGER, images: [{ alt: 5, src: 'https://a', href: {} }] },
      { ...TRIGGER, images: [{ src: 'https://a' }] },
      ["'images[0].href' is not a string", "'images[0].alt' is not a string"],
    ],
    [
      'a value that is not a list',
      'v2',
      { ...TRIGGER, images: 'https://a', links: { href: 'https://b' } },
      TRIGGER,
      ["'images' is not a list", "'links' is not a list"],
    ],
    [
      'an entry that is not an object',
      'change',
      { payload: { summary: 's', source: 7 }, links: [null, 'https://a', LINK] },
      { payload: { summary: 's' }, links: [LINK] },
      ["'payload.source' is not a string", "'links[0]' is not an object", "'links[1]' is not an object"],
    ],
    [
      'the payload of a resolve',
      'v2',
      { event_action: 'resolve', dedup_key: 'a', payload: ['s'] },
      { event_action: 'resolve', dedup_key: 'a' },
      ["'payload' is not an object"],
    ],
    [
      'a context of a legacy event',
      'v1',
      { contexts: [{ type: 'link' }, { type: 'image', href: 'a' }, { type: 'text' }, { type: 'link', ...LINK }] },
      { contexts: [{ type: 'link', ...LINK }] },
      [
        "'contexts[0].href' is missing or blank",
        "'contexts[1].src' is missing or blank",
        "'contexts[2].type' is invalid (must be one of: link image)",
      ],
    ],
    [
      'the description of a legacy resolve',
      'v1',
      { event_type: 'resolve', incident_key: 'a', description: 5 },
      { event_type: 'resolve', incident_key: 'a' },
      ['Description is not a string'],
    ],
    [
      'the description of a legacy acknowledge',
      'v1',
      { description: ['disk'], event_type: 'acknowledge', incident_key: 'a' },
      { event_type: 'acknowledge', incident_key: 'a' },
      ['Description is not a string'],
    ],
  ])('is %s', (_, type, event, without, errors) => {
    const result = left(type, JSON.stringify(event));
    expect(JSON.parse(result.text)).toEqual(without);
    expect(result.errors).toEqual(errors);
  });

  it('is left to the check of required members if it is required', () => {
    expect(invalidParts('v2', { event_action: 'trigger', payload: 'text' })).toEqual([]);
    expect(invalidParts('v2', { event_action: 'trigger', payload: { summary: 1, source: [], severity: {} } })).toEqual(
      [],
    );
    expect(invalidParts('v1', { event_type: 'trigger', description: 5 })).toEqual([]);
  });

  it('is removed alone from each of 20 entries of a list, however many of their members are invalid', () => {
    const images = Array(20).fill({ src: 'https://a', href: 1, alt: 2 });
    const { text, errors } = left('v2', JSON.stringify({ ...TRIGGER, images }));
    expect(JSON.parse(text)).toEqual({ ...TRIGGER, images: Array(20).fill({ src: 'https://a' }) });
    expect(errors).toHaveLength(40);
  });

  it('is removed with its list if there are too many of them', () => {
    const { text, errors } = left('v2', JSON.stringify({ ...TRIGGER, images: Array(100_000).fill(1) }));
    expect(JSON.parse(text)).toEqual(TRIGGER);
    expect(errors).toEqual(["'images' has too many invalid entries"]);
  });
});

describe('the bytes of an event are read a fixed number of times, however many entries are invalid', () => {
  const members = ',"":1'.repeat(5_000);
  const invalid = Array(20).fill('{"src":"x","alt":5}').join();
  const valid = ',{"src":"x"}'.repeat(2_000);

  it.each([
    ['with many members', `{"images":[${invalid}]${members}}`, 20],
    ['with many members in the payload', `{"images":[${invalid}],"payload":{"group":5,"class":5${members}}}`, 22],
    ['with many valid entries', `{"images":[${invalid}${valid}]}`, 20],
    ['with many members in each entry', `{"images":[${invalid.replaceAll('}', `${members.slice(0, 500)}}`)}]}`, 20],
    ['with many invalid members of the same name', `{"client":5${',"client":5'.repeat(5_000)}}`, 1],
  ])('%s', (_, text, errors) => {
    const document = documentOf(text);
    let reads = 0;
    const bytes = new Proxy(document.bytes, {
      get: (target, name): unknown => {
        if (typeof name === 'string' && /^\d+$/.test(name)) reads += 1;
        const value: unknown = Reflect.get(target, name);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    expect(withoutInvalidParts('v2', { ...document, bytes }).removed).toHaveLength(errors);
    expect(reads).toBeLessThan(5 * bytes.length);
  });
});

it('is all that changes: every other byte is kept, however the event is formatted', () => {
  const text =
    '\n{ "client" : 5 , "n":1.0,"images":[ {"alt":"[,]\\"","src":"" } , {"src":"https:\\/\\/a"}\t, 7 ],"big":12345678901234567890,' +
    '"payload":{"timestamp":"14:14","summary":"\\u00e9,{","timestamp":"15:15"},"links":[ ]}';
  expect(left('v2', text).text).toBe(
    '\n{  "n":1.0,"images":[  {"src":"https:\\/\\/a"}\t ],"big":12345678901234567890,' +
      '"payload":{"summary":"\\u00e9,{"},"links":[ ]}',
  );
});

it('leaves an event that has nothing invalid any more, and changes nothing else', () => {
  const anyOf = (...values: readonly unknown[]) => fc.constantFrom(...values);
  const image = fc.record({ src: anyOf('https://a', '', 5), alt: anyOf('x', null, 1) }, { requiredKeys: [] });
  const event = fc.record(
    {
      event_action: fc.constantFrom('trigger', 'resolve'),
      client: anyOf('c', 5, null),
      images: fc.oneof(fc.array(fc.oneof(image, anyOf(1, null))), anyOf(null, 'x')),
      payload: fc.record(
        { summary: fc.constant('s,"]}'), timestamp: anyOf('2026-05-31', 'x', 3), group: anyOf('g', []) },
        { requiredKeys: ['summary'] },
      ),
      other: fc.jsonValue({ maxDepth: 2 }),
    },
    { requiredKeys: ['payload'] },
  );
  fc.assert(
    fc.property(event, fc.constantFrom(undefined, 1, '\t'), (value, indent) => {
      const { document } = withoutInvalidParts('v2', documentOf(JSON.stringify(value, undefined, indent)));
      expect(invalidParts('v2', document.value)).toEqual([]);
      const sent = JSON.parse(document.bytes.toString()) as { readonly other?: unknown };
      expect(document.value).toEqual(sent);
      expect(JSON.stringify(sent.other)).toBe(JSON.stringify(value.other));
      expect(document.value['payload']).toMatchObject({ summary: 's,"]}' });
      if (value.client === 'c') expect(document.value['client']).toBe('c');
      const images = Array.isArray(value.images) ? value.images : [];
      const sound = images.filter((entry) => (entry as { src?: unknown } | null)?.src === 'https://a').length;
      if (Array.isArray(value.images) && images.length - sound <= 20)
        expect(document.value['images']).toHaveLength(sound);
    }),
  );
});
