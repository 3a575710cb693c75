import { ManualClock } from '@pdaltagent/testing';
import { DeliveredIds, type DeliveredMarkers } from './delivered-ids';

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

function remembering() {
  const markers = new CountingMarkers();
  const clock = new ManualClock();
  return { markers, clock, delivered: new DeliveredIds(markers, clock) };
}

it('queries once for all ids requested in one turn of the event loop', async () => {
  const { markers, delivered } = remembering();
  markers.marked.add('b');
  expect(await Promise.all(['a', 'b', 'c'].map((id) => delivered.has(id)))).toEqual([false, true, false]);
  expect(markers.asked).toEqual([['a', 'b', 'c']]);
});

it('does not query what it delivered itself, whether or not that could be marked', async () => {
  const { markers, delivered } = remembering();
  markers.mark = () => Promise.reject(new Error('unreachable'));
  await delivered.add('a');
  expect(await delivered.has('a')).toBe(true);
  expect(markers.asked).toEqual([]);
});

it('queries nothing for five seconds after an error, and delivery continues', async () => {
  const { markers, clock, delivered } = remembering();
  markers.marked.add('a');
  markers.state = 'fails';
  expect(await delivered.has('a')).toBe(false);
  markers.state = 'answers';
  clock.advance(4_999);
  expect(await delivered.has('a')).toBe(false);
  expect(markers.asked).toHaveLength(1);
  clock.advance(1);
  expect(await delivered.has('a')).toBe(true);
  expect(await delivered.has('b')).toBe(false);
  expect(markers.asked).toHaveLength(3);
});

it('delays only the messages of one query to find out whether the markers answer again', async () => {
  const { markers, clock, delivered } = remembering();
  markers.state = 'fails';
  await delivered.has('a');
  markers.state = 'hangs';
  clock.advance(5_000);
  void delivered.has('b');
  await new Promise((resolve) => setImmediate(resolve));
  expect(await delivered.has('c')).toBe(false);
  expect(markers.asked).toEqual([['a'], ['b']]);
});
