import fc from 'fast-check';
import { Passage } from './passage';
import { World } from './passage.fixture';

const RUNS = 2_000;

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('accept' as const), key: fc.nat(3) }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('take' as const), count: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('confirm' as const), count: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('sync' as const), count: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('serve' as const), count: fc.integer({ min: 1, max: 5 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('open' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('lose' as const), count: fc.nat(6) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('block' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('unblock' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('refuse' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('fail to sync' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(10, 300, 1_100) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('crash' as const), count: fc.nat(6) }) },
);

it('loses nothing that it answered, whatever happens, and keeps the order of senders that wait for their answer', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120, size: 'max' }), (steps) => {
      const world = new World({ waits: true });
      for (const each of steps) world.step(each);
      world.heal();
      expect(world.lost()).toEqual([]);
      expect(world.inversions()).toEqual([]);
      expect(world.isDirect).toBe(true);
      expect(world.spooled).toBe(0);
    }),
    { numRuns: RUNS },
  );
});

it('keeps the order of acceptance, of senders that do not wait too, as long as nothing is refused', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120, size: 'max' }), (steps) => {
      const world = new World({ waits: false });
      for (const each of steps) if (each.do !== 'refuse' && each.do !== 'fail to sync') world.step(each);
      world.heal();
      expect(world.lost()).toEqual([]);
      expect(world.inversions()).toEqual([]);
    }),
    { numRuns: RUNS },
  );
});

it('visits every way an event can go', () => {
  const causes = new Set<string>();
  for (const steps of fc.sample(fc.array(step, { minLength: 60, maxLength: 120, size: 'max' }), {
    numRuns: 500,
    seed: 1,
  })) {
    const world = new World({ waits: true });
    for (const each of steps) world.step(each);
    world.heal();
    for (const cause of world.causes) causes.add(cause);
  }
  expect([...causes].sort()).toEqual(['away', 'blocked', 'busy', 'direct', 'refused', 'slow', 'start']);
});

it('drains nothing before what was accepted earlier is in the spool too', () => {
  const world = new World({ waits: false });
  world.step({ do: 'open' });
  // Three may be in flight: the fourth is spooled, and then the connection goes with the three.
  for (let count = 0; count < 4; count += 1) world.step({ do: 'accept', key: 0 });
  world.step({ do: 'sync', count: 1 });
  world.step({ do: 'lose', count: 0 });
  world.step({ do: 'open' });
  world.step({ do: 'serve', count: 1 });
  expect(world.sent).toEqual([1, 2, 3]);
  world.heal();
  expect(world.sent).toEqual([1, 2, 3, 1, 2, 3, 4]);
});

describe('a hand-over', () => {
  it('holds new events in memory until the last of the spool is confirmed, then goes direct', () => {
    const world = new World({ waits: false });
    world.step({ do: 'accept', key: 0 });
    world.step({ do: 'sync', count: 1 });
    world.step({ do: 'open' });
    world.step({ do: 'serve', count: 1 });
    world.step({ do: 'accept', key: 0 });
    expect(world.sent).toEqual([1]);
    expect(world.spooled).toBe(1);
    world.step({ do: 'take', count: 1 });
    world.step({ do: 'confirm', count: 1 });
    expect(world.sent).toEqual([1, 2]);
    expect(world.spooled).toBe(0);
    expect(world.isDirect).toBe(true);
  });
});

it('answers an event that is spooled and confirmed later only once', () => {
  const answers: number[] = [];
  const passage = new Passage<{ orderKey: string }, string>(
    {
      send: () => true,
      store: () => undefined,
      erase: () => undefined,
      read: () => undefined,
      entries: () => 0,
      answer: (sequence) => answers.push(sequence),
      renew: () => undefined,
      changed: () => undefined,
    },
    { confirmTimeoutMs: 1_000, maxInFlight: 10 },
  );
  passage.opened(0);
  passage.accept(1, { orderKey: 'a' }, 0);
  passage.blocked(1);
  passage.unblocked(2);
  passage.settled(1, true, 3);
  passage.stored(1, 10, 4);
  expect(answers).toEqual([1]);
});
