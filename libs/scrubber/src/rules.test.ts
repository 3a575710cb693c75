import { parseRules } from './rules';
import { createScrubber } from './scrubber';

describe('custom rules', () => {
  it('replace their matches in the given context', () => {
    const rules = parseRules(
      '[{"name":"BADGE","pattern":"\\\\bB\\\\d{6}\\\\b","context":["badge"]},{"name":"PLATE","pattern":"hh-[a-z]{2} \\\\d+","ignoreCase":true}]',
    );
    const by = createScrubber({ rules, detectors: [] });
    expect(by.scrubText('badge B123456, HH-AB 12').text).toBe('badge {{BADGE}}, {{PLATE}}');
    expect(by.scrubText('part B123456').text).toBe('part B123456');
    expect(by.explain('badge B123456')).toEqual([{ start: 6, end: 13, kind: 'BADGE', detector: 'BADGE' }]);
  });

  it('take precedence over built-in detectors, but never split their findings', () => {
    const by = createScrubber({ rules: parseRules('[{"name":"WORD","pattern":"example|joe@example.com"}]') });
    expect(by.scrubText('jane@example.com joe@example.com example').text).toBe('{{EMAIL_ADDRESS}} {{WORD}} {{WORD}}');
  });

  it('match without backtracking', () => {
    const by = createScrubber({ rules: parseRules('[{"name":"EVIL","pattern":"(a+)+$"}]'), detectors: [] });
    expect(by.scrubText(`${'a'.repeat(5000)}b`).text).toHaveLength(5001);
  });

  it.each([
    ['{', 'line 1: not JSON'],
    ['{}', 'line 1: expected a list of rules'],
    ['[\n{"name":"A","pattern":"a"},\n{"name":"b","pattern":"a"}]', 'line 3: "name" must be in capitals'],
    ['[\n\n{"name":"A","pattern":"(a"}]', 'line 3: A: '],
    ['[{"name":"A","pattern":"a(?=b)"}]', 'line 1: A: '],
    ['[{"name":"A","pattern":"a*"}]', 'line 1: A: the pattern matches the empty text'],
    ['[{"name":"A","pattern":""}]', 'line 1: A: "pattern" is required'],
    ['[{"name":"A","pattern":"a","flags":"i"}]', 'line 1: unknown member "flags"'],
    ['[{"name":"A","pattern":"a","context":[1]}]', 'line 1: A: "context" must be a list of words'],
    ['[{"name":"A","pattern":"a","ignoreCase":1}]', 'line 1: A: "ignoreCase" must be true or false'],
    ['[1]', 'line 1: a rule must be an object'],
  ])('%j are rejected with their line', (json, message) => {
    expect(() => parseRules(json)).toThrow(message);
  });
});
