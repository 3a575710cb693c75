import { parseRules } from './rules';
import { createScrubber } from './scrubber';

describe('own rules', () => {
  it('replace what they match, in their context', () => {
    const rules = parseRules(
      '[{"name":"BADGE","pattern":"\\\\bB\\\\d{6}\\\\b","context":["badge"]},{"name":"PLATE","pattern":"hh-[a-z]{2} \\\\d+","ignoreCase":true}]',
    );
    const by = createScrubber({ rules, detectors: [] });
    expect(by.scrubText('badge B123456, HH-AB 12').text).toBe('badge {{BADGE}}, {{PLATE}}');
    expect(by.scrubText('part B123456').text).toBe('part B123456');
    expect(by.explain('badge B123456')).toEqual([{ start: 6, end: 13, kind: 'BADGE', detector: 'BADGE' }]);
  });

  it('go before our own detectors, but never cut what these found in pieces', () => {
    const by = createScrubber({ rules: parseRules('[{"name":"WORD","pattern":"example|joe@example.com"}]') });
    expect(by.scrubText('jane@example.com joe@example.com example').text).toBe('{{EMAIL_ADDRESS}} {{WORD}} {{WORD}}');
  });

  it('cannot hang: they are matched without backtracking', () => {
    const by = createScrubber({ rules: parseRules('[{"name":"EVIL","pattern":"(a+)+$"}]'), detectors: [] });
    expect(by.scrubText(`${'a'.repeat(5000)}b`).text).toHaveLength(5001);
  });

  it.each([
    ['{', 'line 1: not JSON'],
    ['{}', 'line 1: a list of rules is wanted'],
    ['[\n{"name":"A","pattern":"a"},\n{"name":"b","pattern":"a"}]', 'line 3: "name" is wanted in capitals'],
    ['[\n\n{"name":"A","pattern":"(a"}]', 'line 3: A: '],
    ['[{"name":"A","pattern":"a(?=b)"}]', 'line 1: A: '],
    ['[{"name":"A","pattern":"a*"}]', 'line 1: A: the pattern matches nothing at all'],
    ['[{"name":"A","pattern":""}]', 'line 1: A: "pattern" is wanted'],
    ['[{"name":"A","pattern":"a","flags":"i"}]', 'line 1: a rule has no "flags"'],
    ['[{"name":"A","pattern":"a","context":[1]}]', 'line 1: A: "context" is a list of words'],
    ['[{"name":"A","pattern":"a","ignoreCase":1}]', 'line 1: A: "ignoreCase" is true or false'],
    ['[1]', 'line 1: a rule is an object'],
  ])('%j are refused with their line', (json, message) => {
    expect(() => parseRules(json)).toThrow(message);
  });
});
