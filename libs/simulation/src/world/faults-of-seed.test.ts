import { FAULT_KINDS, FAULTS_UNTIL_MS, KEY_FAULTS } from './faults';
import { faultsOf } from './faults-of-seed';
import { MIXTURES } from './mixtures';

const SEEDS = Array.from({ length: 200 }, (_, index) => index + 1);

describe('the faults of a seed', () => {
  it('stay the same if there is another kind of fault, unless that one occurs', () => {
    const another = 'a key hangs';
    const allChances = MIXTURES.all?.chances ?? [];
    const fewer = {
      ...MIXTURES,
      all: { weight: 2, chances: allChances.filter(([kind]) => kind !== another) },
    };
    const changed = SEEDS.filter((seed) => JSON.stringify(faultsOf(seed)) !== JSON.stringify(faultsOf(seed, fewer)));
    expect(changed.length).toBeGreaterThan(3);
    for (const seed of changed) expect(faultsOf(seed).map(({ kind }) => kind)).toContain(another);
  });

  it('stay the same if there is another mixture, unless that one is drawn', () => {
    const more = { ...MIXTURES, 'one kind': { weight: 1, chances: [['a clock jumps', 1] as const] } };
    const changed = SEEDS.filter((seed) => JSON.stringify(faultsOf(seed)) !== JSON.stringify(faultsOf(seed, more)));
    expect(changed.length).toBeGreaterThan(3);
    expect(changed.length).toBeLessThan(SEEDS.length / 4);
    for (const seed of changed) for (const { kind } of faultsOf(seed, more)) expect(kind).toBe('a clock jumps');
  });

  it('are of every kind and number, follow each other closely, and end in time', () => {
    const worlds = SEEDS.map((seed) => faultsOf(seed));
    expect(new Set(worlds.flat().map(({ kind }) => kind)).size).toBe(FAULT_KINDS.length);
    expect(worlds.some(({ length }) => length === 0)).toBe(true);
    expect(worlds.some(({ length }) => length > 6)).toBe(true);
    for (const { at, ms } of worlds.flat()) expect(at + ms).toBeLessThanOrEqual(FAULTS_UNTIL_MS);
    const follow = worlds.filter((faults) => faults.some(({ at }) => faults.some((last) => at === last.at + last.ms)));
    expect(follow.length).toBeGreaterThan(8);
  });

  it('are in some worlds nothing but keys that make no progress', () => {
    const areKeys = (seed: number): boolean => faultsOf(seed).every(({ kind }) => KEY_FAULTS.includes(kind));
    expect(SEEDS.filter((seed) => faultsOf(seed).length > 2 && areKeys(seed)).length).toBeGreaterThan(8);
  });
});
