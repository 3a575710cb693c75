import { RegExpParser, visitRegExpAST } from '@eslint-community/regexpp';
import { analyse } from 'scslre';
import { ADDRESS_PATTERNS } from './address-parts';
import { DETECTORS } from './catalogue';
import { ESCAPE_PATTERNS } from './escaped-text';
import { REDOS_LENGTH, REDOS_PIECES, repeated } from './redos-corpus';
import { createScrubber } from './scrubber';

const PATTERNS = [...DETECTORS.flatMap((detector) => detector.patterns), ...ADDRESS_PATTERNS, ...ESCAPE_PATTERNS];

/** The quantifiers of a pattern that have no upper bound. */
function unboundedParts(pattern: RegExp): string[] {
  const parts: string[] = [];
  visitRegExpAST(new RegExpParser({ ecmaVersion: 2025 }).parseLiteral(String(pattern)), {
    onQuantifierEnter: (quantifier) => {
      if (quantifier.max === Infinity) parts.push(quantifier.raw);
    },
  });
  return parts;
}

/** The number of regular expression executions while a text is scrubbed. */
function executions(text: string): number {
  const run = jest.spyOn(RegExp.prototype, 'exec');
  const test = jest.spyOn(RegExp.prototype, 'test');
  createScrubber().scrubText(text);
  const count = run.mock.calls.length + test.mock.calls.length;
  run.mockRestore();
  test.mockRestore();
  return count;
}

describe('every shipped pattern', () => {
  it.each(PATTERNS.map((pattern) => [pattern]))('%s has no super-linear backtracking', (pattern) => {
    expect(analyse({ source: pattern.source, flags: pattern.flags.replace('d', '') }).reports).toEqual([]);
  });

  it.each(PATTERNS.map((pattern) => [pattern]))('%s has no unbounded quantifier', (pattern) => {
    expect(unboundedParts(pattern)).toEqual([]);
  });
});

describe('a pathological text', () => {
  // A quadratic detector would take minutes and exceed the test's time limit.
  it.each(REDOS_PIECES)('of half a megabyte of %j is scrubbed in time', (piece) => {
    const text = repeated(piece, REDOS_LENGTH);
    expect(typeof createScrubber({ detectors: ['all'] }).scrubText(text).text).toBe('string');
  });

  it.each(REDOS_PIECES)('of twice the length takes at most about twice the executions: %j', (piece) => {
    const once = executions(repeated(piece, 4_000));
    expect(executions(repeated(piece, 8_000))).toBeLessThan(once * 2.5 + 200);
  });
});
