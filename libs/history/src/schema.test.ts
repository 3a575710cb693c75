import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { HistoryDatabase, textAt } from './database';
import { Batches, delivered, event, idOf, WORKER } from './facts.fixture';
import { openIndex } from './index-file';
import { IndexWriter } from './index-writer';
import { messageOf } from './queries';
import { migrate, MIGRATIONS, NewerSchema } from './schema';
import { searchMessages } from './search';
import { positionOf, startsAt } from './meta';

/** An index of each schema that was ever released, as a dump with some messages. */
const RELEASED = ['schema-1.sql'];
const dumpOf = (name: string): string => readFileSync(path.join(__dirname, '../fixtures', name), 'utf8');

let folder: string;
let open: HistoryDatabase[];
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'history-'));
  open = [];
});
afterEach(() => {
  for (const database of open) database.close();
  rmSync(folder, { recursive: true });
});

function openFile(name = 'journal.db'): HistoryDatabase {
  const database = new HistoryDatabase(path.join(folder, name));
  open.push(database);
  return database;
}

const schemaOf = (database: HistoryDatabase): readonly string[] =>
  database
    .prepare(`SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'search_%' ORDER BY name`)
    .rows()
    .map((row) => (textAt(row, 0) ?? '').replaceAll(/\s+/g, ' '));

it.each(RELEASED)('goes on with the index of a former release: %s', (dump) => {
  const former = openFile();
  former.exec(dumpOf(dump));
  former.close();
  open = [];
  const { database } = openIndex(folder);
  open.push(database);
  expect(searchMessages(database, { text: 'disk' }).items).toMatchObject([{ id: idOf(1), state: 'waiting' }]);
  expect(startsAt(database)).toBe(event(1).accepted);
  expect(positionOf(database)).toMatchObject({ offset: 0, sequence: 0 });
  const batches = new Batches(1);
  new IndexWriter(database).write([batches.add(WORKER, delivered(event(1)))], 0);
  expect(messageOf(database, idOf(1))).toMatchObject({
    message: { state: 'delivered', summary: 'Disk is full' },
    facts: [{ fact: { kind: 'accepted' } }, { fact: { kind: 'delivered' } }],
  });
});

it.each(RELEASED)('has the schema of a new index after it was migrated from %s', (dump) => {
  const [former, fresh] = [openFile('former.db'), openFile('fresh.db')];
  former.exec(dumpOf(dump));
  migrate(former);
  migrate(fresh);
  expect(schemaOf(former)).toEqual(schemaOf(fresh));
});

it('applies what is new only, once, and all of it or nothing', () => {
  const database = openFile();
  migrate(database);
  const next = [...MIGRATIONS, 'ALTER TABLE holes ADD COLUMN why TEXT'];
  expect(() => migrate(database, [...next, 'this is no SQL'])).toThrow(/syntax/);
  expect(schemaOf(database).join()).not.toContain('why TEXT');
  migrate(database, next);
  migrate(database, next);
  expect(schemaOf(database).join()).toContain('why TEXT');
});

it('refuses the index of a newer release, and leaves it as it is', () => {
  const database = openFile();
  migrate(database, [...MIGRATIONS, 'CREATE TABLE newer(n)']);
  expect(() => migrate(database)).toThrow(NewerSchema);
  expect(schemaOf(database).join()).toContain('newer');
});
