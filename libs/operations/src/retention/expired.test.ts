import { expiredAmong, type StoredDeadLetter } from './expired';

const NOW = 1_800_000_000_000;
const DAY_MS = 86_400_000;

const stored = (...ages: readonly (number | undefined)[]): StoredDeadLetter[] =>
  ages.map((days, index) => ({
    id: `m${index}`,
    deliveryTag: index + 1,
    deadAt: days === undefined ? undefined : NOW - days * DAY_MS,
    bytes: 100,
  }));
const tagsOf = (letters: readonly StoredDeadLetter[]) => letters.map(({ deliveryTag }) => deliveryTag);

function expired(
  letters: readonly StoredDeadLetter[],
  { days, bytes, now = NOW }: { days?: number; bytes?: number; now?: number | undefined },
) {
  const limits = { maximumAgeMs: days === undefined ? undefined : days * DAY_MS, maximumBytes: bytes };
  const { byAge, bySize } = expiredAmong(letters, limits, now);
  return [tagsOf(byAge), tagsOf(bySize)];
}

it('only dead letters older than the limit expire', () => {
  expect(expired(stored(31, 30, 29, 0), { days: 30 })).toEqual([[1], []]);
});

it('of more than the size allows, the oldest go, whatever their order in the queue, and no more than necessary', () => {
  expect(expired(stored(1, 3, 2, 4), { bytes: 250 })).toEqual([[], [4, 2]]);
  expect(expired(stored(1, 3, 2, 4), { bytes: 400 })).toEqual([[], []]);
});

it('those that are too old do not count for the size', () => {
  expect(expired(stored(40, 3, 2, 1), { days: 30, bytes: 200 })).toEqual([[1], [2]]);
});

it('nothing expires without limits', () => {
  expect(expired(stored(40_000, undefined), {})).toEqual([[], []]);
});

it('one without a time, and one with a time in the future, do not expire by age', () => {
  expect(expired(stored(undefined, -400), { days: 30 })).toEqual([[], []]);
});

it('none expires by age while the time is not known, but by size', () => {
  const { byAge, bySize } = expiredAmong(stored(40, 1), { maximumAgeMs: DAY_MS, maximumBytes: 100 }, undefined);
  expect([tagsOf(byAge), tagsOf(bySize)]).toEqual([[], [1]]);
});

it('half a million are selected in one go', () => {
  const many = Array.from({ length: 500_000 }, (_, index) => ({
    id: 'm',
    deliveryTag: index,
    deadAt: NOW - (index / 1_000) * DAY_MS,
    bytes: 100,
  }));
  const [byAge] = expired(many, { days: 1, bytes: 1_000 });
  expect(byAge).toHaveLength(498_999);
});
