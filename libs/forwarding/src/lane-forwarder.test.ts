import fc from 'fast-check';
import { LaneSimulation } from './lane-simulation.fixture';
import { type Preloaded, type Step } from './steps.fixture';

const RUNS = 2_000;

const counted = (what: 'receive' | 'confirm' | 'sync' | 'serve' | 'lose' | 'receive late' | 'crash', max: number) =>
  fc.record({ do: fc.constant(what), count: fc.integer({ min: what === 'lose' || what === 'crash' ? 0 : 1, max }) });
const plain = <Name extends Step['do']>(what: Name) => fc.record({ do: fc.constant(what) });

const faults = [
  { weight: 1, arbitrary: counted('lose', 6) },
  { weight: 1, arbitrary: plain('block') },
  { weight: 1, arbitrary: plain('end') },
  { weight: 1, arbitrary: plain('open blocked') },
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
  { weight: 5, arbitrary: counted('receive', 4) },
  { weight: 5, arbitrary: counted('confirm', 4) },
  { weight: 5, arbitrary: counted('sync', 4) },
  { weight: 4, arbitrary: counted('serve', 5) },
  { weight: 1, arbitrary: counted('receive late', 4) },
  { weight: 1, arbitrary: plain('drain orphans') },
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
const preloaded: fc.Arbitrary<Preloaded[]> = fc.array(
  fc.nat(3).map((key) => ({ orderKey: `key ${key}` })),
  { maxLength: 5 },
);
/** Orphaned spools; the sequences of their events are unrelated to those of this instance. */
const orphanedSpools: fc.Arbitrary<Preloaded[][]> = fc.array(
  fc.array(
    fc.record({
      orderKey: fc.nat(3).map((key) => `other key ${key}`),
      poison: fc.constantFrom(undefined, undefined, undefined, 'refused' as const, 'unencodable' as const),
    }),
    { maxLength: 8 },
  ),
  { maxLength: 2 },
);

function afterAll(simulation: LaneSimulation, all: readonly Step[]): LaneSimulation {
  for (const each of all) simulation.step(each);
  simulation.recover();
  return simulation;
}

/** Nothing that was accepted is lost or out of order, and every sender got its response. */
function expectNothingLost(simulation: LaneSimulation): void {
  expect(simulation.lostEvents()).toEqual([]);
  expect(simulation.waiting).toEqual([]);
  expect(simulation.orderViolations()).toEqual([]);
}

/** The same, and the spool is drained. */
function expectDrained(simulation: LaneSimulation): void {
  expectNothingLost(simulation);
  expect(simulation.isDirect).toBe(true);
  expect(simulation.spooled).toBe(0);
}

it('loses nothing that it answered, whatever fails, and keeps the order of senders that wait for their responses', () => {
  fc.assert(
    fc.property(steps, preloaded, (all, legacy) => {
      const simulation = afterAll(new LaneSimulation({ waits: true, legacy }), all);
      expectDrained(simulation);
    }),
    { numRuns: RUNS },
  );
});

it('keeps the order of acceptance as long as nothing is refused, even if senders do not wait for responses', () => {
  fc.assert(
    fc.property(steps, preloaded, (all, legacy) => {
      const unrefused = all.filter(({ do: what }) => what !== 'refuse' && what !== 'fail to sync');
      const simulation = afterAll(new LaneSimulation({ waits: false, legacy }), unrefused);
      expectNothingLost(simulation);
    }),
    { numRuns: RUNS },
  );
});

it('quarantines exactly the events that can never be published, and publishes all others', () => {
  fc.assert(
    fc.property(stepsWithPoison, (all) => {
      const simulation = afterAll(new LaneSimulation({ waits: true }), all);
      expectDrained(simulation);
    }),
    { numRuns: RUNS },
  );
});

it('drains orphaned spools while it publishes its own events, and loses none of either, whatever the broker refuses', () => {
  fc.assert(
    fc.property(stepsWithPoison, orphanedSpools, (all, orphans) => {
      const simulation = afterAll(new LaneSimulation({ waits: true, orphans }), all);
      expectDrained(simulation);
      expect(simulation.orphaned).toBe(0);
    }),
    { numRuns: RUNS },
  );
});

it('identifies the refused event in its own spool while it drains an orphaned one', () => {
  const simulation = new LaneSimulation({
    waits: true,
    orphans: [['a', 'b', 'c', 'd'].map((orderKey) => ({ orderKey }))],
  });
  simulation.step({ do: 'accept', key: 1, poison: 'refused' });
  simulation.step({ do: 'accept', key: 2 });
  simulation.step({ do: 'wait', ms: 3_001 });
  simulation.recover();
  expect(simulation.quarantined.size).toBe(1);
  expect(simulation.lostEvents()).toEqual([]);
  expect(simulation.isDirect).toBe(true);
});

it('identifies the refused event in an orphaned spool while it has enough events of its own', () => {
  const simulation = new LaneSimulation({ waits: false, orphans: [[{ orderKey: 'other key', poison: 'refused' }]] });
  simulation.step({ do: 'open' });
  simulation.step({ do: 'drain orphans' });
  for (let count = 0; count < 1_000 && simulation.orphaned > 0; count += 1) {
    for (const key of [1, 2, 3]) simulation.step({ do: 'accept', key });
    simulation.step({ do: 'sync', count: 9 });
    simulation.step({ do: 'open' });
    simulation.step({ do: 'serve', count: 9 });
    for (const what of ['receive', 'confirm', 'quarantine'] as const) simulation.step({ do: what, count: 2 });
    simulation.step({ do: 'wait', ms: 10 });
  }
  expect(simulation.orphaned).toBe(0);
  simulation.recover();
  expect(simulation.lostEvents()).toEqual([]);
});

it('publishes what comes after an event that cannot be quarantined now, and quarantines it once that is possible', () => {
  const simulation = new LaneSimulation({ waits: true });
  simulation.step({ do: 'accept', key: 1, poison: 'refused' });
  simulation.step({ do: 'accept', key: 2 });
  simulation.step({ do: 'accept', key: 3 });
  simulation.step({ do: 'wait', ms: 3_001 });
  for (let count = 0; count < 100; count += 1) {
    simulation.step({ do: 'fail to quarantine' });
    simulation.step({ do: 'open' });
    for (const what of ['sync', 'serve', 'receive'] as const) simulation.step({ do: what, count: 1 });
    simulation.step({ do: 'fail to quarantine' });
    simulation.step({ do: 'confirm', count: 1 });
    simulation.step({ do: 'wait', ms: 100 });
  }
  expect(simulation.spooled).toBe(1);
  expect(simulation.quarantined.size).toBe(0);
  // In ten seconds: retries close few channels and cause few reads.
  expect(simulation.counts.refusals).toBeLessThan(5);
  expect(simulation.counts.reads).toBeLessThan(20);
  simulation.recover();
  expect(simulation.quarantined.size).toBe(1);
  expect(simulation.isDirect).toBe(true);
  expect(simulation.lostEvents()).toEqual([]);
});

it('covers every cause of spooling and enough quarantined events', () => {
  const causes = new Set<string>();
  const quarantined = new Set<number>();
  for (const all of fc.sample(fc.array(fc.oneof(step, poison), { minLength: 60, maxLength: 120, size: 'max' }), {
    numRuns: 500,
    seed: 1,
  })) {
    const simulation = afterAll(new LaneSimulation({ waits: true }), all);
    for (const cause of simulation.causes) causes.add(cause);
    for (const sequence of simulation.quarantined) quarantined.add(sequence);
  }
  expect([...causes].sort()).toEqual(['away', 'blocked', 'busy', 'direct', 'refused', 'slow', 'start']);
  expect(quarantined.size).toBeGreaterThan(20);
});
