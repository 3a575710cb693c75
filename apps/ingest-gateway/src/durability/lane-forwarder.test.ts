import fc from 'fast-check';
import { type Step, World } from './lane-forwarder.fixture';

const RUNS = 2_000;

const counted = (what: 'take' | 'confirm' | 'sync' | 'serve' | 'lose' | 'take late' | 'crash', max: number) =>
  fc.record({ do: fc.constant(what), count: fc.integer({ min: what === 'lose' || what === 'crash' ? 0 : 1, max }) });
const plain = <Name extends Step['do']>(what: Name) => fc.record({ do: fc.constant(what) });

const faults = [
  { weight: 1, arbitrary: counted('lose', 6) },
  { weight: 1, arbitrary: plain('block') },
  { weight: 1, arbitrary: plain('refuse') },
  { weight: 1, arbitrary: plain('fail to sync') },
  { weight: 1, arbitrary: counted('crash', 6) },
] as const;

const poison = fc.record({
  do: fc.constant('accept' as const),
  key: fc.nat(3),
  poison: fc.constantFrom('refused' as const, 'unencodable' as const),
});

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('accept' as const), key: fc.nat(3) }) },
  { weight: 5, arbitrary: counted('take', 4) },
  { weight: 5, arbitrary: counted('confirm', 4) },
  { weight: 5, arbitrary: counted('sync', 4) },
  { weight: 4, arbitrary: counted('serve', 5) },
  { weight: 1, arbitrary: counted('take late', 4) },
  { weight: 1, arbitrary: plain('adopt') },
  { weight: 2, arbitrary: plain('open') },
  { weight: 2, arbitrary: plain('unblock') },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(10, 300, 1_100, 61_000) }),
  },
  ...faults,
);
const steps = fc.array(step, { maxLength: 120, size: 'max' });
const stepsWithPoison = fc.array(
  fc.oneof(
    { weight: 40, arbitrary: step },
    { weight: 2, arbitrary: poison },
    { weight: 1, arbitrary: plain('fail to quarantine') },
  ),
  { maxLength: 120, size: 'max' },
);
const left = fc.array(
  fc.nat(3).map((key) => `key ${key}`),
  { maxLength: 5 },
);

function afterAll(world: World, all: readonly Step[]): World {
  for (const each of all) world.step(each);
  world.heal();
  return world;
}

it('loses nothing that it answered, whatever happens, and keeps the order of senders that wait for their answer', () => {
  fc.assert(
    fc.property(steps, left, (all, former) => {
      const world = afterAll(new World({ waits: true, former }), all);
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
    fc.property(steps, left, (all, former) => {
      const unrefused = all.filter(({ do: what }) => what !== 'refuse' && what !== 'fail to sync');
      const world = afterAll(new World({ waits: false, former }), unrefused);
      expect(world.lost()).toEqual([]);
      expect(world.inversions()).toEqual([]);
    }),
    { numRuns: RUNS },
  );
});

it('quarantines exactly what the broker never takes, and delivers everything around it', () => {
  fc.assert(
    fc.property(stepsWithPoison, (all) => {
      const world = afterAll(new World({ waits: true }), all);
      expect(world.lost()).toEqual([]);
      expect(world.inversions()).toEqual([]);
      expect(world.isDirect).toBe(true);
      expect(world.spooled).toBe(0);
    }),
    { numRuns: RUNS },
  );
});

it('drains what another instance left beside its own events, and loses none of either', () => {
  fc.assert(
    fc.property(steps, left, (all, orphan) => {
      const world = afterAll(new World({ waits: true, orphan: orphan.map((key) => `other ${key}`) }), all);
      expect(world.lost()).toEqual([]);
      expect(world.inversions()).toEqual([]);
      expect(world.orphaned).toBe(0);
    }),
    { numRuns: RUNS },
  );
});

it('visits every way an event can go', () => {
  const causes = new Set<string>();
  const quarantined = new Set<number>();
  for (const all of fc.sample(fc.array(fc.oneof(step, poison), { minLength: 60, maxLength: 120, size: 'max' }), {
    numRuns: 500,
    seed: 1,
  })) {
    const world = afterAll(new World({ waits: true }), all);
    for (const cause of world.causes) causes.add(cause);
    for (const sequence of world.quarantined) quarantined.add(sequence);
  }
  expect([...causes].sort()).toEqual(['away', 'blocked', 'busy', 'direct', 'refused', 'slow', 'start']);
  expect(quarantined.size).toBeGreaterThan(20);
});
