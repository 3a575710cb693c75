import { LaneSimulation } from './lane-simulation.fixture';
import { type Step } from './steps.fixture';

type Counted = Extract<Step, { readonly count: number }>['do'];

function run(simulation: LaneSimulation, count: number, ...steps: readonly Counted[]): void {
  for (const step of steps) simulation.step({ do: step, count });
}

it('does not resend an event that a read found before it was confirmed late', () => {
  const simulation = new LaneSimulation({ waits: false });
  simulation.step({ do: 'accept', key: 1 });
  simulation.step({ do: 'wait', ms: 3_001 });
  run(simulation, 1, 'sync');
  simulation.step({ do: 'open' });
  run(simulation, 1, 'serve', 'receive', 'confirm');
  expect(simulation.isDirect).toBe(true);
  simulation.step({ do: 'accept', key: 1 });
  simulation.step({ do: 'wait', ms: 1_100 });
  run(simulation, 9, 'sync', 'serve', 'receive', 'confirm', 'receive', 'confirm');
  expect(simulation.sent).toEqual([1, 2]);
});

it('spools and answers new events at once while the broker owes confirms', () => {
  const simulation = new LaneSimulation({ waits: false });
  simulation.step({ do: 'open' });
  simulation.step({ do: 'accept', key: 1 });
  simulation.step({ do: 'wait', ms: 1_100 });
  simulation.step({ do: 'accept', key: 1 });
  run(simulation, 2, 'sync');
  expect(simulation.waiting).toEqual([]);
});

it('holds no more than its share in memory until the first connection is established', () => {
  const simulation = new LaneSimulation({ waits: false });
  for (const key of [1, 2, 3]) simulation.step({ do: 'accept', key });
  expect(simulation.spooled).toBe(0);
  simulation.step({ do: 'accept', key: 1 });
  run(simulation, 9, 'sync');
  expect(simulation.waiting).toEqual([]);
  expect(simulation.spooled).toBe(4);
});

it('spools and answers events at once for a second after held events had to be spooled', () => {
  const simulation = new LaneSimulation({ waits: false, legacy: [{ orderKey: 'key 1' }] });
  simulation.step({ do: 'open' });
  simulation.step({ do: 'accept', key: 1 });
  run(simulation, 1, 'serve');
  for (const ms of [1_000, 1_100]) simulation.step({ do: 'wait', ms });
  run(simulation, 9, 'sync');
  expect(simulation.waiting).toEqual([]);
  simulation.step({ do: 'accept', key: 1 });
  run(simulation, 9, 'sync');
  expect(simulation.waiting).toEqual([]);
});

it('spools held events when the channel turns out to be lost', () => {
  const simulation = new LaneSimulation({ waits: false });
  simulation.step({ do: 'open' });
  for (const key of [1, 2, 3]) simulation.step({ do: 'accept', key });
  run(simulation, 1, 'receive');
  simulation.step({ do: 'end' });
  run(simulation, 1, 'confirm');
  run(simulation, 9, 'sync');
  expect(simulation.waiting).toEqual([]);
  expect(simulation.spooled).toBe(2);
});

it('does not count the time in which the broker was blocked towards the timeout of a channel', () => {
  const simulation = new LaneSimulation({ waits: false, orphans: [[{ orderKey: 'other key' }]] });
  simulation.step({ do: 'open' });
  simulation.step({ do: 'accept', key: 1 });
  run(simulation, 1, 'receive', 'confirm');
  simulation.step({ do: 'accept', key: 2 });
  simulation.step({ do: 'drain orphans' });
  run(simulation, 1, 'serve');
  expect(simulation.sent).toHaveLength(3);
  simulation.step({ do: 'block' });
  simulation.step({ do: 'wait', ms: 61_000 });
  simulation.step({ do: 'unblock' });
  simulation.step({ do: 'wait', ms: 10 });
  expect(simulation.counts.reopened).toBe(0);
});

it('replaces a channel that has confirmed events once it has confirmed none for ten seconds', () => {
  const simulation = new LaneSimulation({ waits: false });
  simulation.step({ do: 'open' });
  for (const key of [1, 2, 3]) simulation.step({ do: 'accept', key });
  run(simulation, 1, 'receive', 'confirm');
  for (const ms of [1_100, 8_000]) simulation.step({ do: 'wait', ms });
  run(simulation, 1, 'receive', 'confirm');
  simulation.step({ do: 'wait', ms: 9_000 });
  expect(simulation.counts.reopened).toBe(0);
  simulation.step({ do: 'wait', ms: 1_100 });
  expect(simulation.counts.reopened).toBe(1);
});

it('gives the first event of a new channel a minute, because its queue may still have no majority', () => {
  const simulation = new LaneSimulation({ waits: false });
  simulation.step({ do: 'open' });
  simulation.step({ do: 'accept', key: 1 });
  for (const ms of [1_100, 58_000]) simulation.step({ do: 'wait', ms });
  expect(simulation.counts.reopened).toBe(0);
  simulation.step({ do: 'wait', ms: 1_100 });
  expect(simulation.counts.reopened).toBe(1);
});

it('keeps half of the window for its own events while it drains an orphaned spool', () => {
  const orphan = ['a', 'b', 'c', 'd', 'e'].map((orderKey) => ({ orderKey }));
  const simulation = new LaneSimulation({ waits: false, orphans: [orphan] });
  simulation.step({ do: 'open' });
  simulation.step({ do: 'drain orphans' });
  run(simulation, 5, 'serve');
  run(simulation, 1, 'receive', 'confirm');
  simulation.step({ do: 'accept', key: 1 });
  expect(simulation.sent.at(-1)).toBe(orphan.length + 1);
});

it('identifies the event that the broker refuses with one more channel, however many were in flight with it', () => {
  const simulation = new LaneSimulation({ waits: false });
  for (const key of [0, 1]) simulation.step({ do: 'accept', key });
  simulation.step({ do: 'accept', key: 2 });
  simulation.step({ do: 'wait', ms: 3_001 });
  simulation.step({ do: 'accept', key: 3, poison: 'refused' });
  simulation.recover();
  expect(simulation.quarantined).toEqual(new Set([4]));
  expect(simulation.counts.refusals).toBe(2);
});

it('resends an event that the broker refuses a few times a second, no more often', () => {
  const simulation = new LaneSimulation({ waits: false });
  simulation.step({ do: 'open' });
  simulation.step({ do: 'accept', key: 1 });
  for (let count = 0; count < 100; count += 1) {
    simulation.step({ do: 'refuse' });
    run(simulation, 1, 'sync', 'serve');
    simulation.step({ do: 'wait', ms: 10 });
  }
  expect(simulation.sent.length).toBeGreaterThan(2);
  expect(simulation.sent.length).toBeLessThan(10);
});

it('spools held events in order when the channel turns out to be lost', () => {
  const simulation = new LaneSimulation({ waits: false, legacy: [{ orderKey: 'key 1' }] });
  simulation.step({ do: 'open' });
  for (const key of [1, 1]) simulation.step({ do: 'accept', key });
  run(simulation, 1, 'serve', 'receive');
  simulation.step({ do: 'end' });
  run(simulation, 1, 'confirm');
  simulation.step({ do: 'lose', count: 0 });
  simulation.step({ do: 'open' });
  run(simulation, 1, 'sync', 'serve', 'receive');
  simulation.recover();
  expect(simulation.orderViolations()).toEqual([]);
});
