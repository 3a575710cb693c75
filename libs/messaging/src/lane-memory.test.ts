import { excessLane, laneForOthers, type LaneMemory } from './lane-memory';

const LIMIT = 100;

interface Lane extends LaneMemory {
  readonly name: string;
}

/** Acknowledged nothing, unless it is said. */
const lane = (name: string, bytes: number, openedAt: number, ackedAt = Number.NEGATIVE_INFINITY): Lane => ({
  name,
  bytes,
  openedAt,
  ackedAt,
});

const excess = (...lanes: readonly Lane[]) => excessLane(lanes, LIMIT)?.name;

it('no lane is released while they hold no more than the limit', () => {
  expect(excess(lane('a', 60, 1, 5), lane('b', 40, 2, 5))).toBeUndefined();
});

it('the largest lane that has acknowledged something is released first', () => {
  expect(excess(lane('a', 30, 1, 5), lane('b', 40, 2, 5), lane('c', 90, 3))).toBe('b');
});

it('of lanes that have acknowledged nothing, the one that was opened last is released', () => {
  expect(excess(lane('a', 60, 1), lane('b', 50, 2), lane('c', 10, 3))).toBe('c');
  expect(excess(lane('a', 60, 3), lane('b', 50, 1), lane('c', 50, 2))).toBe('a');
});

it('a lane keeps its first messages, however many, if those before it hold less than the limit', () => {
  expect(excess(lane('small', 1, 1), lane('large', 1_000, 2))).toBeUndefined();
  expect(excess(lane('large', 1_000, 1))).toBeUndefined();
});

it('a lane that exceeds the limit alone would do so again: it is released once the others hold the limit, too', () => {
  expect(excess(lane('large', 1_000, 1, 5), lane('b', 99, 2, 5))).toBeUndefined();
  expect(excess(lane('large', 1_000, 1, 5), lane('b', 60, 2, 5), lane('c', 40, 3))).toBe('large');
});

it('a lane that holds nothing, or of which no queue was opened, is not released', () => {
  expect(excess(lane('a', 120, 1), lane('b', 40, 2), lane('c', 0, 3), lane('d', 5, Infinity))).toBe('b');
});

it('for others the largest lane is released that was open for two seconds', () => {
  const lanes = [lane('a', 10, 0, 9_000), lane('b', 20, 7_000), lane('c', 30, 9_000)];
  expect(laneForOthers(lanes, 10_000)?.name).toBe('b');
});

it('for others a lane is released after ten seconds only, if none acknowledges anything', () => {
  const lanes = [lane('a', 10, 0), lane('b', 20, 7_000)];
  expect(laneForOthers(lanes, 9_000)).toBeUndefined();
  expect(laneForOthers(lanes, 10_000)?.name).toBe('a');
});
