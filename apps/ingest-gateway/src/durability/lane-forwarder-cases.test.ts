import { World } from './lane-simulation.fixture';
import { type Step } from './steps.fixture';

type Counted = Extract<Step, { readonly count: number }>['do'];

function run(world: World, count: number, ...steps: readonly Counted[]): void {
  for (const step of steps) world.step({ do: step, count });
}

it('sends nothing again from a read that began before it was confirmed late', () => {
  const world = new World({ waits: false });
  world.step({ do: 'accept', key: 1 });
  world.step({ do: 'wait', ms: 3_001 });
  run(world, 1, 'sync');
  world.step({ do: 'open' });
  run(world, 1, 'serve', 'take', 'confirm');
  expect(world.isDirect).toBe(true);
  world.step({ do: 'accept', key: 1 });
  world.step({ do: 'wait', ms: 1_100 });
  run(world, 9, 'sync', 'serve', 'take', 'confirm', 'take', 'confirm');
  expect(world.sent).toEqual([1, 2]);
});

it('answers at once, by way of the spool, what comes while the broker owes confirms', () => {
  const world = new World({ waits: false });
  world.step({ do: 'open' });
  world.step({ do: 'accept', key: 1 });
  world.step({ do: 'wait', ms: 1_100 });
  world.step({ do: 'accept', key: 1 });
  run(world, 2, 'sync');
  expect(world.unanswered).toEqual([]);
});

it('holds no more than its share in memory until the first connection is there', () => {
  const world = new World({ waits: false });
  for (const key of [1, 2, 3]) world.step({ do: 'accept', key });
  expect(world.spooled).toBe(0);
  world.step({ do: 'accept', key: 1 });
  run(world, 9, 'sync');
  expect(world.unanswered).toEqual([]);
  expect(world.spooled).toBe(4);
});

it('answers at once, by way of the spool, for a second after events have waited in vain for it to be drained', () => {
  const world = new World({ waits: false, former: [{ orderKey: 'key 1' }] });
  world.step({ do: 'open' });
  world.step({ do: 'accept', key: 1 });
  run(world, 1, 'serve');
  for (const ms of [1_000, 1_100]) world.step({ do: 'wait', ms });
  run(world, 9, 'sync');
  expect(world.unanswered).toEqual([]);
  world.step({ do: 'accept', key: 1 });
  run(world, 9, 'sync');
  expect(world.unanswered).toEqual([]);
});

it('stores what waits when the channel turns out to have ended', () => {
  const world = new World({ waits: false });
  world.step({ do: 'open' });
  for (const key of [1, 2, 3]) world.step({ do: 'accept', key });
  run(world, 1, 'take');
  world.step({ do: 'end' });
  run(world, 1, 'confirm');
  run(world, 9, 'sync');
  expect(world.unanswered).toEqual([]);
  expect(world.spooled).toBe(2);
});

it('gives no channel up for the time in which the broker was short of memory', () => {
  const world = new World({ waits: false, orphans: [[{ orderKey: 'other key' }]] });
  world.step({ do: 'open' });
  world.step({ do: 'accept', key: 1 });
  run(world, 1, 'take', 'confirm');
  world.step({ do: 'accept', key: 2 });
  world.step({ do: 'adopt' });
  run(world, 1, 'serve');
  expect(world.sent).toHaveLength(3);
  world.step({ do: 'block' });
  world.step({ do: 'wait', ms: 61_000 });
  world.step({ do: 'unblock' });
  world.step({ do: 'wait', ms: 10 });
  expect(world.counts.reopened).toBe(0);
});

it('keeps half of the window for its own events while it drains what another instance left', () => {
  const orphan = ['a', 'b', 'c', 'd', 'e'].map((orderKey) => ({ orderKey }));
  const world = new World({ waits: false, orphans: [orphan] });
  world.step({ do: 'open' });
  world.step({ do: 'adopt' });
  run(world, 5, 'serve');
  run(world, 1, 'take', 'confirm');
  world.step({ do: 'accept', key: 1 });
  expect(world.sent.at(-1)).toBe(orphan.length + 1);
});

it('finds what the broker refuses with one channel more, however many were in flight with it', () => {
  const world = new World({ waits: false });
  for (const key of [0, 1]) world.step({ do: 'accept', key });
  world.step({ do: 'accept', key: 2 });
  world.step({ do: 'wait', ms: 3_001 });
  world.step({ do: 'accept', key: 3, poison: 'refused' });
  world.heal();
  expect(world.quarantined).toEqual(new Set([4]));
  expect(world.counts.refusals).toBe(2);
});

it('sends an event that the broker refuses for now a few times a second, not at every turn', () => {
  const world = new World({ waits: false });
  world.step({ do: 'open' });
  world.step({ do: 'accept', key: 1 });
  for (let count = 0; count < 100; count += 1) {
    world.step({ do: 'refuse' });
    run(world, 1, 'sync', 'serve');
    world.step({ do: 'wait', ms: 10 });
  }
  expect(world.sent.length).toBeGreaterThan(2);
  expect(world.sent.length).toBeLessThan(10);
});
