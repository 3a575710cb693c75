import * as fc from 'fast-check';
import { type Fact, type FactBatch } from '@pdaltagent/journal';
import {
  accepted,
  Batches,
  deadLettered,
  delivered,
  event,
  failed,
  GATEWAY,
  idOf,
  NOON,
  TestIndex,
  WORKER,
} from './facts.fixture';
import { accountsOf, activityOf, countsOf, messageOf, missingOf } from './queries';
import { searchMessages } from './search';
import { startsAt } from './meta';

const DAY = { since: NOON - 3_600_000, until: NOON + 3_600_000 };

let index: TestIndex;
beforeEach(() => (index = new TestIndex()));
afterEach(() => index[Symbol.dispose]());

it('has the facts of a message as they were recorded', () => {
  const facts = [accepted(event(1)), failed(event(1)), delivered(event(1), 2)];
  const batches = new Batches();
  batches.add(GATEWAY, facts[0] ?? accepted(event(1)));
  batches.add(WORKER, ...facts.slice(1));
  index.write(batches.all);
  expect(messageOf(index.database, idOf(1))?.facts).toEqual([
    { fact: facts[0], source: GATEWAY, sequence: 0, index: 0 },
    { fact: facts[1], source: WORKER, sequence: 0, index: 0 },
    { fact: facts[2], source: WORKER, sequence: 0, index: 1 },
  ]);
});

it('is the same in whatever order and transactions the batches of several processes arrive, also if some arrive twice', () => {
  const [one, two] = [event(1), event(2)];
  const batches = new Batches();
  batches.add(GATEWAY, accepted(one), accepted(two));
  batches.add(WORKER, failed(one), deadLettered(two));
  batches.add(WORKER, delivered(one, 2));
  batches.add(GATEWAY, { kind: 'replayed', at: NOON + 9_000, group: 'events', id: idOf(2), by: 'eve' });
  batches.add(WORKER, deadLettered(two));
  const expected = stateAfter([batches.all]);
  expect(expected.messages.map(({ state }) => state)).toEqual(['dead-letter', 'delivered']);
  const orders = fc.shuffledSubarray([...batches.all, ...batches.all], { minLength: 10 });
  fc.assert(
    fc.property(orders, fc.integer({ min: 1, max: 10 }), (order, size) => {
      const transactions = Array.from({ length: Math.ceil(order.length / size) }, (_, part) =>
        order.slice(part * size, (part + 1) * size),
      );
      expect(stateAfter(transactions)).toEqual(expected);
    }),
    { numRuns: 30 },
  );
});

function stateAfter(transactions: readonly (readonly FactBatch[])[]) {
  using fresh = new TestIndex();
  for (const batches of transactions) fresh.write(batches);
  const { database } = fresh;
  return {
    messages: searchMessages(database, {}).items,
    byWord: searchMessages(database, { text: 'disk' }).items.map(({ id }) => id),
    counts: countsOf(database, { ...DAY, step: 60_000 }),
    accounts: accountsOf(database, DAY),
    missing: missingOf(database),
  };
}

it('finds an event whose first fact was lost', () => {
  const batches = new Batches();
  batches.add(WORKER, delivered(event(1)));
  index.write(batches.all);
  expect(searchMessages(index.database, { alert: 'host-1/disk' }).items).toEqual([
    expect.objectContaining({ id: idOf(1), state: 'delivered', accepted: event(1).accepted }),
  ]);
});

it('has a message of which only an operator has said something, and knows its acceptance once that arrives', () => {
  const batches = new Batches();
  const discarded: Fact = {
    kind: 'discarded',
    at: NOON + 90_000,
    group: 'events',
    id: idOf(1),
    from: 'quarantine',
    by: 'eve',
  };
  index.write([batches.add(GATEWAY, discarded)]);
  expect(messageOf(index.database, idOf(1))?.message).toMatchObject({ state: 'discarded', accepted: NOON + 90_000 });
  index.write([batches.add(GATEWAY, accepted(event(1)))]);
  expect(messageOf(index.database, idOf(1))?.message).toMatchObject({
    state: 'discarded',
    accepted: event(1).accepted,
  });
  expect(accountsOf(index.database, DAY).events).toMatchObject({ discarded: 1, waiting: 0 });
});

it('keeps many messages of the same millisecond apart', () => {
  const batches = new Batches();
  const events = Array.from({ length: 300 }, (_, number) => event(number, { id: idOf(number * 2048), accepted: NOON }));
  index.write([batches.add(GATEWAY, ...events.map((reference) => accepted(reference)))]);
  expect(searchMessages(index.database, { limit: 1_000 }).items).toHaveLength(300);
});

it('finds a message whose id is no UUID, and shows the id as it was', () => {
  const ids = ['x', 'fifteen letters', 'sixteen letters!', '01900000-0000-7000-8000-00000000000G'];
  const batches = new Batches();
  index.write([batches.add(GATEWAY, ...ids.map((id, number) => accepted(event(number, { id }))))]);
  for (const id of ids) expect(messageOf(index.database, id)?.message.id).toBe(id);
});

it('counts per minute what happened, and by acceptance what became of it', () => {
  const batches = new Batches();
  const late = event(61);
  batches.add(GATEWAY, accepted(event(1)), accepted(event(2)), accepted(late));
  index.write(batches.all);
  expect(accountsOf(index.database, DAY).events).toMatchObject({ waiting: 3, delivered: 0 });
  index.write([batches.add(WORKER, failed(event(1)), delivered(event(1), 2), deadLettered(event(2)), delivered(late))]);
  expect(countsOf(index.database, { ...DAY, step: 60_000 })).toEqual([
    { at: NOON, group: 'events', accepted: 2, delivered: 1, failed: 1, dead: 1 },
    { at: NOON + 60_000, group: 'events', accepted: 1, delivered: 1, failed: 0, dead: 0 },
  ]);
  expect(countsOf(index.database, { ...DAY, step: 3_600_000 })).toEqual([
    { at: NOON, group: 'events', accepted: 3, delivered: 2, failed: 1, dead: 1 },
  ]);
  expect(accountsOf(index.database, DAY).events).toMatchObject({ waiting: 0, delivered: 2, 'dead-letter': 1 });
  expect(accountsOf(index.database, { since: NOON + 60_000, until: NOON + 120_000 }).events).toMatchObject({
    delivered: 1,
  });
});

it('shows batches that never arrived, until they do', () => {
  const batches = new Batches();
  const [first, lost, lostToo, last] = [1, 2, 3, 4].map((number) => batches.add(GATEWAY, accepted(event(number))));
  if (!first || !lost || !lostToo || !last) throw new Error('four were added');
  index.write([first, last]);
  expect(missingOf(index.database).batches).toEqual([{ source: GATEWAY, batches: 2, before: event(4).accepted }]);
  index.write([lostToo]);
  expect(missingOf(index.database).batches).toEqual([{ source: GATEWAY, batches: 1, before: event(3).accepted }]);
  index.write([lost]);
  expect(missingOf(index.database).batches).toEqual([]);
});

it('shows what happened to processes, keys and operators, the latest first, page by page, and facts of a newer release as they were', () => {
  const batches = new Batches();
  batches.add(
    WORKER,
    { kind: 'started', at: NOON, version: '0.1.0' },
    { kind: 'key-parked', at: NOON + 1, group: 'events', key: '…d1a6', lane: 3, siding: 1 },
    { kind: 'unknown', at: NOON + 2, content: { kind: 'teleported', at: NOON + 2, to: 'Mars' } },
    { kind: 'gap', at: NOON + 2, facts: 7, from: NOON, to: NOON + 1 },
  );
  index.write(batches.all);
  const first = activityOf(index.database, { limit: 3 });
  expect(first.items.map(({ kind, content }) => [kind, content])).toEqual([
    ['gap', { facts: 7, from: NOON, to: NOON + 1 }],
    ['unknown', { kind: 'teleported', at: NOON + 2, to: 'Mars' }],
    ['key-parked', { group: 'events', key: '…d1a6', lane: 3, siding: 1 }],
  ]);
  expect(activityOf(index.database, { limit: 3, cursor: first.next })).toEqual({
    items: [{ at: NOON, kind: 'started', by: WORKER, content: { version: '0.1.0' } }],
    next: undefined,
  });
  expect(activityOf(index.database, { kinds: ['gap', 'started'] }).items).toHaveLength(2);
});

it('says when history starts, and leaves out what is too old', () => {
  const batches = new Batches();
  index.write([batches.add(GATEWAY, accepted(event(1)), accepted(event(5)))], event(3).accepted);
  expect(startsAt(index.database)).toBe(event(5).accepted);
  expect(searchMessages(index.database, {}).items.map(({ id }) => id)).toEqual([idOf(5)]);
});

it('has all of a transaction or nothing', () => {
  const batches = new Batches();
  index.write([batches.add(GATEWAY, accepted(event(1)))]);
  const broken = batches.add(GATEWAY, accepted(event(2)), { kind: 'unknown', at: NOON, content: { big: 1n } });
  expect(() => index.write([broken])).toThrow(/BigInt/);
  expect(messageOf(index.database, idOf(2))).toBeUndefined();
  index.write([{ ...broken, facts: broken.facts.slice(0, 1) }]);
  expect(messageOf(index.database, idOf(2))?.message.state).toBe('waiting');
});
