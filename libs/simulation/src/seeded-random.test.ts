import { uuid } from '@pdaltagent/clock';
import { SeededRandom } from './seeded-random';

const draws = (random: SeededRandom, count: number): number[] => Array.from({ length: count }, () => random.fraction());

describe('seeded randomness', () => {
  it('repeats for the same seed and site, and for no other', () => {
    const first = draws(new SeededRandom(7, 'gateway'), 100);
    expect(draws(new SeededRandom(7, 'gateway'), 100)).toEqual(first);
    expect(draws(new SeededRandom(8, 'gateway'), 100)).not.toEqual(first);
    expect(draws(new SeededRandom(7, 'worker'), 100)).not.toEqual(first);
  });

  it('spreads evenly, also over neighbouring seeds and sites', () => {
    const tenths = new Array<number>(10).fill(0);
    for (let seed = 0; seed < 100; seed += 1)
      for (let site = 0; site < 10; site += 1)
        for (const draw of draws(new SeededRandom(seed, `site ${site}`), 10)) {
          const tenth = Math.floor(draw * 10);
          tenths[tenth] = (tenths[tenth] ?? 0) + 1;
        }
    // 1,000 are expected of each; the standard deviation is 30.
    for (const count of tenths) expect(Math.abs(count - 1_000)).toBeLessThan(150);
  });

  it('returns as many bytes as requested, and whole numbers below a limit', () => {
    const random = new SeededRandom(1, 'bytes');
    expect(random.bytes(16)).toHaveLength(16);
    expect(new Set(Array.from({ length: 200 }, () => random.below(3)))).toEqual(new Set([0, 1, 2]));
    expect(uuid(new SeededRandom(1, 'id'))).toBe(uuid(new SeededRandom(1, 'id')));
    expect(uuid(random)).not.toBe(uuid(random));
  });
});
