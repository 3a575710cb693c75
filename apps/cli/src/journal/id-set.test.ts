import { IdSet } from './id-set';

it('has exactly the ids that were added, also many that differ little', () => {
  const set = new IdSet();
  const idOf = (number: number): string => `0197a3c4-5d2e-7f10-8a6b-${number.toString(16).padStart(12, '0')}`;
  for (let number = 0; number < 20_000; number += 2) set.add(idOf(number));
  set.add(idOf(0));
  expect(set.size).toBe(10_000);
  const known = Array.from({ length: 20_000 }, (_, number) => set.has(idOf(number)));
  expect(known.every((isKnown, number) => isKnown === (number % 2 === 0))).toBe(true);
});
