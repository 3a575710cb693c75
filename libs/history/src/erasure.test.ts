import { erasureDigestOf, type Fact } from '@pdaltagent/journal';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import {
  accepted,
  Batches,
  deadLettered,
  event,
  failed,
  GATEWAY,
  idOf,
  NOON,
  TestIndex,
  WORKER,
} from './facts.fixture';
import { activityOf, accountsOf, countsOf, messageOf } from './queries';
import { searchMessages } from './search';

const SECRET = { summary: 'Grandmother Xylophone fell', source: 'kitchen-xylophone', severity: 'critical' };
const person = event(1, { alert: 'xylophone/fell' });
const bystander = event(2, { alert: 'host-2/disk' });

const erased = (...ids: string[]): Fact => ({
  kind: 'erased',
  at: NOON + 60_000,
  by: 'eve',
  digests: ids.map(erasureDigestOf),
});

let index: TestIndex;
beforeEach(() => (index = new TestIndex()));
afterEach(() => index[Symbol.dispose]());

/** Of the database, its log and everything else in its folder. */
const stored = (): string =>
  readdirSync(index.folder)
    .map((name) => readFileSync(path.join(index.folder, name)).toString('latin1').toLowerCase())
    .join('\n');

function expectErased(): void {
  expect(messageOf(index.database, idOf(1))?.message).toEqual({
    id: idOf(1),
    group: 'events',
    type: 'v2',
    action: 'trigger',
    key: '…d1a6',
    digest: 'digest-of-d1a6',
    accepted: person.accepted,
    changedAt: person.accepted + 200,
    state: 'dead-letter',
    attempts: 1,
    status: 503,
    outcome: 'failed',
    isErased: true,
  });
  for (const text of ['xylophone', 'grandmother', 'kitchen', 'fell'])
    expect(searchMessages(index.database, { text }).items).toEqual([]);
  expect(searchMessages(index.database, { alert: 'xylophone/fell' }).items).toEqual([]);
  expect(searchMessages(index.database, { text: 'disk' }).items.map(({ id }) => id)).toEqual([idOf(2)]);
  expect(stored()).not.toContain('xylophone');
  expect(stored()).not.toContain('grandmother');
  expect(stored()).toContain('host-2/disk');
}

const first = (batches: Batches) => batches.add(GATEWAY, accepted(person, SECRET), accepted(bystander));
const attempt = (batches: Batches) => batches.add(WORKER, failed(person, 1, 'no such xylophone'), deadLettered(person));

it('forgets the texts of an erased message, in the search and on the disk, and keeps the rest', () => {
  const batches = new Batches();
  index.write([first(batches)]).write([attempt(batches)]);
  expect(stored()).toContain('xylophone');
  index.write([batches.add(GATEWAY, erased(idOf(1)))]);
  expectErased();
});

it.each<[string, (batches: Batches) => void]>([
  ['before its facts', (batches) => [batches.add(GATEWAY, erased(idOf(1))), first(batches), attempt(batches)]],
  ['between its facts', (batches) => [first(batches), batches.add(GATEWAY, erased(idOf(1))), attempt(batches)]],
])('takes no texts of a message that was erased %s, in one transaction or several', (_, add) => {
  const batches = new Batches();
  add(batches);
  for (const batch of batches.all) index.write([batch]);
  expectErased();
  using again = new TestIndex();
  again.write(batches.all);
  expect(messageOf(again.database, idOf(1))).toEqual(messageOf(index.database, idOf(1)));
});

it('counts erased messages as before', () => {
  const batches = new Batches();
  index.write([first(batches), attempt(batches)]);
  const window = { since: NOON, until: NOON + 120_000 };
  const before = [countsOf(index.database, { ...window, step: 60_000 }), accountsOf(index.database, window)];
  index.write([batches.add(GATEWAY, erased(idOf(1), idOf(2)))]);
  expect([countsOf(index.database, { ...window, step: 60_000 }), accountsOf(index.database, window)]).toEqual(before);
});

it('forgets what a fact of a newer release says of an erased message', () => {
  const batches = new Batches();
  const unknown = (): Fact | { kind: 'unknown'; at: number; content: Record<string, unknown> } => ({
    kind: 'unknown',
    at: NOON,
    content: { kind: 'annotated', id: idOf(1), text: 'xylophone' },
  });
  index.write([batches.add(GATEWAY, unknown())]);
  index.write([batches.add(GATEWAY, erased(idOf(1)))]);
  index.write([batches.add(GATEWAY, unknown())]);
  const { items } = activityOf(index.database, { kinds: ['unknown'] });
  expect(items.map(({ content }) => content)).toEqual(Array(2).fill({ kind: 'annotated', id: idOf(1) }));
  expect(stored()).not.toContain('xylophone');
});
