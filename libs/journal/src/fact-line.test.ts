import { FACT_VERSION, type FactContent } from './fact';
import { factOf, lineOf } from './fact-line';
import { ACCEPTED, CONTENTS, MESSAGE } from './facts.fixture';

const AT = 1_767_225_600_456;
const contents: readonly FactContent[] = Object.values(CONTENTS);

describe('a fact', () => {
  it.each(contents.map((content) => [content.kind, content] as const))(
    '%s is read as it was recorded',
    (_, content) => {
      expect(factOf(lineOf(content, AT, 'full'), FACT_VERSION)).toEqual({ ...content, at: AT });
    },
  );

  it.each(['accepted', 'delivered'] as const)(
    '%s may lack what is optional, and names nothing that it lacks',
    (kind) => {
      const { group, id, type, key, accepted } = MESSAGE;
      const message = { group, id: `${id} "\\`, type, key, accepted };
      const content: FactContent =
        kind === 'accepted' ? { kind, ...message, bytes: 1 } : { kind, ...message, attempt: 2, status: 202, ms: 0.5 };
      expect(JSON.parse(lineOf(content, AT, 'full'))).toStrictEqual({ ...content, at: AT });
    },
  );

  it('is one line, whatever its texts contain', () => {
    const summary = 'two\nlines,\u2028 "quotes" and half a pair \ud83d';
    const line = lineOf({ ...ACCEPTED, summary }, AT, 'full');
    expect(line).not.toContain('\n');
    expect(factOf(line, FACT_VERSION)).toMatchObject({ summary });
  });

  it('has less text if the journal is to have less', () => {
    const keys = { ...ACCEPTED, at: AT, severity: undefined, source: undefined, summary: undefined };
    expect(factOf(lineOf(ACCEPTED, AT, 'keys'), FACT_VERSION)).toEqual(keys);
    expect(factOf(lineOf(ACCEPTED, AT, 'none'), FACT_VERSION)).toEqual({ ...keys, alert: undefined });
    for (const content of contents) {
      expect(lineOf(content, AT, 'keys')).not.toMatch(/"(severity|source|summary|answer)"/);
      expect(lineOf(content, AT, 'none')).not.toMatch(/"(severity|source|summary|answer|alert)"/);
    }
  });
});

describe('what a newer release writes is carried as it is', () => {
  it.each([
    ['a kind that is not known', FACT_VERSION, { at: AT, kind: 'teleported', id: '1', list: [1, { a: null }] }],
    ['another version of a known kind', FACT_VERSION + 1, { at: AT, ...ACCEPTED }],
    ['a kind whose field has another type', FACT_VERSION, { at: AT, ...ACCEPTED, bytes: '812' }],
    ['a kind without one of its fields', FACT_VERSION, { at: AT, ...MESSAGE, kind: 'delivered', status: 202, ms: 1 }],
    ['an outcome that is not known', FACT_VERSION, { at: AT, ...CONTENTS.attempted, outcome: 'postponed' }],
    ['a reason that is not known', FACT_VERSION, { at: AT, ...CONTENTS.attempted, reason: 'gremlins' }],
    ['a kind named like a property of every object', FACT_VERSION, { at: AT, kind: 'constructor' }],
  ])('%s', (_, version, content) => {
    expect(factOf(JSON.stringify(content), version)).toEqual({ kind: 'unknown', at: AT, content });
  });

  it('a further field of a known kind', () => {
    const more = { at: AT, ...ACCEPTED, region: 'eu' };
    expect(factOf(JSON.stringify(more), FACT_VERSION)).toEqual(more);
  });
});

it.each(['', '{', 'null', '[]', '"text"', '{}', '{"at":"now"}', '{"at":null,"kind":"gap"}', '\u0000'])(
  '%j is no fact',
  (line) => expect(factOf(line, FACT_VERSION)).toBeUndefined(),
);
