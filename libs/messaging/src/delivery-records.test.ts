import { ManualClock } from '@pdaltagent/testing';
import { Claims } from './lane-worker.fixture';
import { DeliveryRecords, type DeliveredMarkers } from './delivery-records';

/** Markers that count how often they are asked, and may be unreachable or silent. */
class CountingMarkers implements DeliveredMarkers {
  readonly marked = new Set<string>();
  readonly asked: (readonly string[])[] = [];
  state: 'answers' | 'fails' | 'hangs' = 'answers';

  has(ids: readonly string[]): Promise<ReadonlySet<string>> {
    this.asked.push([...ids]);
    if (this.state === 'fails') return Promise.reject(new Error('unreachable'));
    if (this.state === 'hangs') return new Promise(() => undefined);
    return Promise.resolve(new Set(ids.filter((id) => this.marked.has(id))));
  }

  mark(id: string): Promise<void> {
    this.marked.add(id);
    return Promise.resolve();
  }
}

/** One that Redis does not know, or knows as `ours`. */
const CLAIM = { lane: 'a lane', stands: (current: string | undefined) => current === undefined || current === 'ours' };

function remembering() {
  const markers = new CountingMarkers();
  const clock = new ManualClock();
  const claims = new Claims();
  const records = new DeliveryRecords(markers, claims, clock);
  const isDelivered = async (id: string) => (await records.check(id, CLAIM)) === 'delivered';
  return { markers, claims, clock, records, isDelivered };
}

it('queries once for all ids requested in one turn of the event loop', async () => {
  const { markers, isDelivered } = remembering();
  markers.marked.add('b');
  expect(await Promise.all(['a', 'b', 'c'].map((id) => isDelivered(id)))).toEqual([false, true, false]);
  expect(markers.asked).toEqual([['a', 'b', 'c']]);
});

it('does not query what it delivered itself, whether or not that could be marked', async () => {
  const { markers, records, isDelivered } = remembering();
  markers.mark = () => Promise.reject(new Error('unreachable'));
  await records.add('a');
  expect(await isDelivered('a')).toBe(true);
  expect(markers.asked).toEqual([]);
});

it('writes a marker again every second until that succeeds', async () => {
  const { markers, clock, records } = remembering();
  const mark = jest.spyOn(markers, 'mark').mockRejectedValue(new Error('read-only'));
  await records.add('a');
  await records.add('b');
  for (let second = 0; second < 3; second += 1) {
    clock.advance(1_000);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(mark).toHaveBeenCalledTimes(2 + 3);
  mark.mockRestore();
  clock.advance(1_000);
  await new Promise((resolve) => setImmediate(resolve));
  expect(markers.marked).toEqual(new Set(['a', 'b']));
  expect(clock.waiting).toBe(0);
});

it('queries nothing for five seconds after an error, and delivery continues', async () => {
  const { markers, clock, isDelivered } = remembering();
  markers.marked.add('a');
  markers.state = 'fails';
  expect(await isDelivered('a')).toBe(false);
  markers.state = 'answers';
  clock.advance(4_999);
  expect(await isDelivered('a')).toBe(false);
  expect(markers.asked).toHaveLength(1);
  clock.advance(1);
  expect(await isDelivered('a')).toBe(true);
  expect(await isDelivered('b')).toBe(false);
  expect(markers.asked).toHaveLength(3);
});

it('delays only the messages of one query to find out whether the markers answer again', async () => {
  const { markers, clock, isDelivered } = remembering();
  markers.state = 'fails';
  await isDelivered('a');
  markers.state = 'hangs';
  clock.advance(5_000);
  void isDelivered('b');
  await new Promise((resolve) => setImmediate(resolve));
  expect(await isDelivered('c')).toBe(false);
  expect(markers.asked).toEqual([['a'], ['b']]);
});

it('a lane is lost once another worker has claimed it', async () => {
  const { claims, records } = remembering();
  await claims.claim('a lane', 'ours');
  expect(await records.check('a', CLAIM)).toBe('new');
  await claims.claim('a lane', 'theirs');
  expect(await records.check('b', CLAIM)).toBe('lane-lost');
});

it('a lane is lost if its claim is no longer in Redis: another worker may have had the lane and left it', async () => {
  const { claims, records } = remembering();
  await claims.claim('a lane', 'ours');
  await claims.claim('a lane', 'theirs');
  await claims.withdraw('a lane', 'theirs');
  expect(await records.check('a', { ...CLAIM, stands: (current) => current === 'ours' })).toBe('lane-lost');
});

it('a lane stays ours while nobody knows who has claimed it', async () => {
  const { claims, clock, records } = remembering();
  expect(await records.check('a', CLAIM)).toBe('new');
  await claims.claim('a lane', 'theirs');
  const read = jest.spyOn(claims, 'read').mockRejectedValueOnce(new Error('unreachable'));
  expect(await records.check('b', CLAIM)).toBe('new');
  expect(await records.check('c', CLAIM)).toBe('new');
  expect(read).toHaveBeenCalledTimes(1);
  clock.advance(5_000);
  expect(await records.check('d', CLAIM)).toBe('lane-lost');
});
