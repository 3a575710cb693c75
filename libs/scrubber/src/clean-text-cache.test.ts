import { CleanTextCache } from './clean-text-cache';

describe('texts known to be clean', () => {
  it('are known by the object key only under which they were added', () => {
    const clean = new CleanTextCache();
    clean.add('db1.internal', 'host');
    expect(clean.has('db1.internal', 'host')).toBe(true);
    expect(clean.has('db1.internal', 'password')).toBe(false);
    expect(clean.has('db2.internal', 'host')).toBe(false);
  });

  it('are evicted after others, unless they are used', () => {
    const clean = new CleanTextCache();
    clean.add('used', '');
    clean.add('unused', '');
    for (let index = 0; index < 20_000; index += 1) {
      clean.add(`another text of monitoring, number ${index}`, '');
      expect(clean.has('used', '')).toBe(true);
    }
    expect(clean.has('unused', '')).toBe(false);
  });

  it('do not include long texts', () => {
    const clean = new CleanTextCache();
    clean.add('x'.repeat(201), '');
    expect(clean.has('x'.repeat(201), '')).toBe(false);
  });
});
