import fc from 'fast-check';
import { readDocument, readEvent } from './index';
import { NameSet } from './json-names';

const FILLER = `"filler":"${'x'.repeat(20_000)}"`;

/** An event that is read as a large one. */
function readLarge(members: string) {
  return readEvent(Buffer.from(`{${FILLER},${members}}`));
}

describe('reading a large event', () => {
  it('reads the same members as of a small one, also with escapes in their names, and forwards its bytes', () => {
    const members = `"\\u0072outing_key":"k","payload":{"other":{"summary":"no"},"summary":"s: \\"x\\":1","é":[{"src":"a"}]},"dedup_key":1e400`;
    const large = readLarge(members);
    const small = readEvent(Buffer.from(`{${members}}`));
    if (!large.ok || !small.ok) throw new Error('cannot be read');
    const { routing_key, payload, dedup_key } = large.document.value;
    expect({ routing_key, dedup_key }).toEqual({ routing_key: 'k', dedup_key: Infinity });
    expect(payload).toMatchObject({ summary: 's: "x":1' });
    expect(small.document.value).toMatchObject({ routing_key, dedup_key });
    expect(large.document.bytes.toString()).toBe(`{${FILLER},${members}}`);
  });

  it('has no names that nobody reads: V8 needs over a microsecond for each different one', () => {
    const names = Array.from({ length: 5_000 }, (_, at) => `name ${at}`);
    const large = readLarge(`"payload":{${names.map((name) => `"${name}":0`).join(',')},"\\n${'x'.repeat(9)}":1}`);
    expect(large.ok && new Set(Object.keys(large.document.value.payload ?? {})).size).toBeLessThan(10);
  });

  it.each([
    ['a control character in a name', '"a\u0001b":1'],
    ['an unknown escape in a name', '"a\\qb":1'],
    ['half an escape in a name', '"a\\u00":1'],
    ['a name without a value', '"ab"'],
    ['a name without quotes', 'ab:1'],
    ['two colons', '"ab"::1'],
    ['a comma too many', '"ab":1,'],
    ['a name that does not end', '"ab:1'],
  ])('refuses %s, as in a small one', (_, members) => {
    expect(readDocument(Buffer.from(`{${members}}`)).ok).toBe(false);
    expect(readLarge(members)).toEqual({ ok: false, error: 'JSON parse error' });
  });
});

it('a name is found, and no other, however its characters are written', () => {
  const ascii = fc.string({ unit: 'binary-ascii', minLength: 1, maxLength: 6 });
  const escaped = (name: string, escapes: readonly boolean[]): string =>
    [...name]
      .map((character, at) =>
        escapes[at] === true
          ? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0').toUpperCase()}`
          : JSON.stringify(character).slice(1, -1),
      )
      .join('');
  fc.assert(
    fc.property(
      ascii,
      fc.string({ maxLength: 8 }),
      fc.array(fc.boolean(), { maxLength: 8 }),
      (name, other, escapes) => {
        const found = (text: string) => new NameSet([name]).find(Buffer.from(text), 0, Buffer.byteLength(text));
        expect(found(`"${escaped(name, escapes)}"`)).toBe(name);
        expect(found(JSON.stringify(other))).toBe(other === name ? name : undefined);
        expect(
          new NameSet([name]).isOther(Buffer.from(JSON.stringify(other)), 0, Buffer.byteLength(JSON.stringify(other))),
        ).toBe(other !== name);
      },
    ),
  );
});
