import { ManualClock } from '@pdaltagent/testing';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { LaneClaim } from './lane-claim';
import { Claims } from './lane-worker.fixture';

const LANE = 'a lane';

function workers(claims = new Claims()) {
  const clock = new ManualClock();
  const begun = new Map<string, Map<string, string>>();
  const claimOf = (worker: string, term = 1) => {
    const own = begun.get(worker) ?? new Map<string, string>();
    begun.set(worker, own);
    return new LaneClaim({ lane: LANE, worker, term, begun: own, claims, clock, onLost: () => undefined });
  };
  /** Whether the claim lets its worker begin. */
  const making = (claim: LaneClaim, signal = new AbortController().signal) => {
    const state = { mayBegin: false };
    void claim.make(signal).then(() => (state.mayBegin = true));
    return state;
  };
  return { clock, claimOf, making };
}

it('a lane that nobody has claimed begins at once', async () => {
  const { claimOf, making } = workers();
  const state = making(claimOf('one'));
  await nextTurn();
  expect(state.mayBegin).toBe(true);
});

it('a lane of another worker begins after five seconds: that worker may be cut off and not know it', async () => {
  const { clock, claimOf, making } = workers();
  making(claimOf('one'));
  await nextTurn();
  const state = making(claimOf('two'));
  await nextTurn();
  clock.advance(4_999);
  await nextTurn();
  expect(state.mayBegin).toBe(false);
  clock.advance(1);
  await nextTurn();
  expect(state.mayBegin).toBe(true);
});

it.each([
  ['another worker that has left it', 'two', true],
  ['the same worker before', 'one', false],
])('a lane of %s begins at once', async (_former, worker, isWithdrawn) => {
  const { claimOf, making } = workers();
  const former = claimOf('one');
  making(former);
  await nextTurn();
  if (isWithdrawn) await former.withdraw();
  const state = making(claimOf(worker, 2));
  await nextTurn();
  expect(state.mayBegin).toBe(true);
});

it('a claim of before does not withdraw a later one', async () => {
  const claims = new Claims();
  const { claimOf, making } = workers(claims);
  const [former, current] = [claimOf('one'), claimOf('two')];
  making(former);
  making(current);
  await nextTurn();
  await former.withdraw();
  expect(await claims.read([LANE])).toEqual(new Map([[LANE, current.id]]));
});

it('begins after five seconds if Redis cannot be reached', async () => {
  const claims = new Claims();
  claims.claim = () => Promise.reject(new Error('unreachable'));
  const { clock, claimOf, making } = workers(claims);
  const state = making(claimOf('one'));
  await nextTurn();
  expect(state.mayBegin).toBe(false);
  clock.advance(5_000);
  await nextTurn();
  expect(state.mayBegin).toBe(true);
});

it('a claim that Redis refuses, because it is full, stands until another worker claims the lane', async () => {
  const claims = new Claims();
  await claims.claim(LANE, 'a worker that was killed');
  const { clock, claimOf, making } = workers(claims);
  const claim = claimOf('one');
  const refusal = jest.spyOn(claims, 'claim').mockRejectedValueOnce(new Error('OOM command not allowed'));
  const state = making(claim);
  await nextTurn();
  clock.advance(5_000);
  await nextTurn();
  expect(state.mayBegin).toBe(true);
  expect(claim.stands('a worker that was killed')).toBe(true);
  refusal.mockRestore();
  expect(claim.stands('another worker')).toBe(false);
});

it.each([
  ['recorded', false, false],
  ['refused by a Redis that cannot be read either', true, true],
])('a claim that was %s and is not in Redis any more stands: %s', async (_how, isRefused, stands) => {
  const claims = new Claims();
  const { clock, claimOf, making } = workers(claims);
  const claim = claimOf('one');
  if (isRefused) {
    jest.spyOn(claims, 'claim').mockRejectedValueOnce(new Error('unreachable'));
    jest.spyOn(claims, 'read').mockRejectedValueOnce(new Error('unreachable'));
  }
  making(claim);
  await nextTurn();
  clock.advance(5_000);
  await nextTurn();
  expect(claim.stands(undefined)).toBe(stands);
  expect(claim.stands(claim.id)).toBe(true);
  expect(claim.stands('another worker')).toBe(false);
});

it('does not wait for a lane that is lost meanwhile', async () => {
  const { claimOf, making } = workers();
  making(claimOf('one'));
  await nextTurn();
  const lane = new AbortController();
  const state = making(claimOf('two'), lane.signal);
  await nextTurn();
  lane.abort();
  await nextTurn();
  expect(state.mayBegin).toBe(true);
});

it.each([
  ['another worker', 'three', true],
  ['the same worker', 'two', false],
])('%s waits for the first owner although the second one left while it waited', async (_who, next, isWithdrawn) => {
  const { clock, claimOf, making } = workers();
  making(claimOf('one'));
  await nextTurn();
  const lane = new AbortController();
  const second = claimOf('two');
  making(second, lane.signal);
  await nextTurn();
  clock.advance(3_000);
  lane.abort();
  await nextTurn();
  if (isWithdrawn) await second.withdraw();
  const state = making(claimOf(next, 2));
  await nextTurn();
  expect(state.mayBegin).toBe(false);
  clock.advance(5_000);
  await nextTurn();
  expect(state.mayBegin).toBe(true);
});
