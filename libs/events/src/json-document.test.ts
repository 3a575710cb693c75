import { readDocument } from './index';
import { NameSet } from './json-names';
import { outlineOf } from './json-outline';

function read(text: string | Buffer) {
  return readDocument(Buffer.from(text as string));
}

describe('reading a JSON object', () => {
  it.each<readonly [what: string, body: string | Buffer, error: string]>([
    ['no JSON', '{"a":', 'JSON parse error'],
    ['nothing', '', 'JSON parse error'],
    ['a form', 'a=1&b=2', 'JSON parse error'],
    ['a list', '[]', 'Event is not a JSON object'],
    ['null', 'null', 'Event is not a JSON object'],
    ['broken UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), 'Body is not valid UTF-8'],
    ['101 levels', `{"a":${'['.repeat(100)}${']'.repeat(100)}}`, 'JSON is nested more than 100 levels deep'],
    ['250,000 levels', '['.repeat(250_000), 'JSON is nested more than 100 levels deep'],
  ])('refuses %s', (_, body, error) => expect(read(body)).toEqual({ ok: false, error }));

  it('accepts 100 levels, and does not count brackets in strings', () => {
    expect(read(`{"a":${'['.repeat(99)}${']'.repeat(99)}}`).ok).toBe(true);
    expect(read(`{"a":"${'['.repeat(1000)}\\"${'{'.repeat(1000)}"}`).ok).toBe(true);
  });

  it('drops a byte order mark, for which PagerDuty would reject the event', () => {
    const reading = read('\ufeff{"a":"\ufeff"}');
    expect(reading.ok && reading.document.value).toEqual({ a: '\ufeff' });
    expect(reading.ok && reading.document.bytes.toString()).toBe('{"a":"\ufeff"}');
    expect(read('\ufeff\ufeff{}').ok).toBe(false);
  });

  it('reads a member called __proto__ as any other', () => {
    const reading = read('{"__proto__":{"polluted":true}}');
    expect(reading.ok && reading.document.value['polluted']).toBeUndefined();
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });
});

describe('the outline of an object', () => {
  it('has the position of each value, including repeated names', () => {
    const bytes = Buffer.from(' { "a" : [1, {"b": ","}] ,"\\u0061": "x\\"}" }');
    const { members, depth } = outlineOf(bytes, 0, new NameSet(['a']));
    expect(depth).toBe(3);
    expect(
      members.map(({ name, valueStart, valueEnd }) => [name, bytes.toString('utf8', valueStart, valueEnd)]),
    ).toEqual([
      ['a', '[1, {"b": ","}]'],
      ['a', '"x\\"}"'],
    ]);
  });

  it('lists only the members that are asked for, also if their names are written with escapes', () => {
    const bytes = Buffer.from('{"other":1,"\\u0061":2,"a":{"a":3},"":4}');
    const { members, isEmpty } = outlineOf(bytes, 0, new NameSet(['a']));
    expect(members.map(({ valueStart, valueEnd }) => bytes.toString('utf8', valueStart, valueEnd))).toEqual([
      '2',
      '{"a":3}',
    ]);
    expect(isEmpty).toBe(false);
    expect(outlineOf(Buffer.from('{"":1}'), 0, new NameSet(['a'])).isEmpty).toBe(false);
    expect(outlineOf(Buffer.from(' { } '), 0, new NameSet(['a'])).isEmpty).toBe(true);
  });

  it('ends at the end of the object', () => {
    const bytes = Buffer.from('{"payload":{"summary":"s"},"summary":"other"}');
    const { members } = outlineOf(bytes, bytes.indexOf('{"summary"'), new NameSet(['summary']));
    expect(members.map(({ name }) => name)).toEqual(['summary']);
  });
});
