import { accepted, Batches, delivered, event, GATEWAY, idOf, NOON, TestIndex, WORKER } from './facts.fixture';
import { startsAt } from './meta';
import { accountsOf, activityOf, countsOf } from './queries';
import { removeOld, type RetentionLimits } from './retention';
import { searchMessages } from './search';

const MINUTE = 60_000;
const PLENTY = 2 ** 40;

let index: TestIndex;
beforeEach(() => (index = new TestIndex()));
afterEach(() => index[Symbol.dispose]());

function removeAll(limits: RetentionLimits, now: number): void {
  while (removeOld(index.database, limits, now));
}

it('removes what is too old, everywhere, and says that history starts later', () => {
  const batches = new Batches();
  const [old, recent] = [event(1), event(121)];
  index.write([
    batches.add(GATEWAY, { kind: 'started', at: NOON, version: '0.1.0' }, accepted(old), accepted(recent)),
    batches.add(WORKER, delivered(old), delivered(recent)),
  ]);
  expect(startsAt(index.database)).toBe(NOON);
  const now = NOON + 4 * MINUTE;
  removeAll({ maximumAgeMs: 2 * MINUTE, maximumBytes: PLENTY }, now);
  expect(searchMessages(index.database, {}).items.map(({ id }) => id)).toEqual([idOf(121)]);
  expect(searchMessages(index.database, { text: 'disk' }).items.map(({ id }) => id)).toEqual([idOf(121)]);
  expect(activityOf(index.database, {}).items).toEqual([]);
  const window = { since: NOON, until: now };
  expect(countsOf(index.database, { ...window, step: MINUTE })).toHaveLength(1);
  expect(accountsOf(index.database, window).events.delivered).toBe(1);
  expect(startsAt(index.database)).toBe(NOON + 2 * MINUTE);
});

it('removes the oldest until the file is small enough', () => {
  const batches = new Batches();
  const events = Array.from({ length: 6_000 }, (_, number) => event(number));
  index.write([batches.add(GATEWAY, ...events.map((reference) => accepted(reference)))]);
  removeAll({ maximumAgeMs: PLENTY, maximumBytes: 1_000_000 }, NOON);
  const left = searchMessages(index.database, { limit: 10_000 }).items;
  expect(left[0]?.id).toBe(idOf(5_999));
  expect(left.length).toBeGreaterThan(500);
  expect(left.length).toBeLessThan(5_001);
  expect(startsAt(index.database)).toBeLessThanOrEqual(left.at(-1)?.accepted ?? 0);
  expect(startsAt(index.database)).toBeGreaterThan(NOON);
});

it('leaves everything as it is within its limits', () => {
  const batches = new Batches();
  index.write([batches.add(GATEWAY, accepted(event(1)))]);
  expect(removeOld(index.database, { maximumAgeMs: MINUTE, maximumBytes: PLENTY }, NOON + MINUTE)).toBe(false);
  expect(searchMessages(index.database, {}).items).toHaveLength(1);
  expect(startsAt(index.database)).toBe(NOON + 1_000);
});
