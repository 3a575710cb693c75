import { type HistoryDatabase, numberAt } from './database';

/**
 * Each is applied once, in this order, and never changed after a release: the stream has long dropped what an index that is rebuilt
 * would lack. `messages.n` is the time of acceptance times 2,048 plus some bits of the id: sorting by it is sorting by time, without an
 * index of its own.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE meta(name TEXT PRIMARY KEY, value) WITHOUT ROWID;
  CREATE TABLE names(n INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
  CREATE TABLE keys(n INTEGER PRIMARY KEY, grp INTEGER NOT NULL, key TEXT NOT NULL, digest TEXT NOT NULL, UNIQUE(grp, key, digest));
  CREATE TABLE sources(
    n INTEGER PRIMARY KEY, instance TEXT NOT NULL UNIQUE, service TEXT NOT NULL, host TEXT NOT NULL,
    next INTEGER NOT NULL, missing TEXT NOT NULL
  );
  CREATE TABLE messages(
    n INTEGER PRIMARY KEY, id BLOB NOT NULL, grp INTEGER NOT NULL, type INTEGER, action INTEGER, key INTEGER,
    erasure INTEGER NOT NULL, alert TEXT, alert_hash INTEGER, severity TEXT, source TEXT, summary TEXT,
    state INTEGER NOT NULL, erased INTEGER NOT NULL, facts TEXT NOT NULL
  );
  CREATE UNIQUE INDEX messages_id ON messages(id);
  CREATE INDEX messages_erasure ON messages(erasure);
  CREATE INDEX messages_key ON messages(key) WHERE key IS NOT NULL;
  CREATE INDEX messages_alert ON messages(alert_hash) WHERE alert_hash IS NOT NULL;
  CREATE INDEX messages_state ON messages(state) WHERE state <> 1;
  CREATE INDEX messages_webhooks ON messages(grp) WHERE grp = 1;
  CREATE VIRTUAL TABLE search USING fts5(
    summary, source, alert, content='messages', content_rowid='n', tokenize='unicode61'
  );
  INSERT INTO search(search, rank) VALUES('secure-delete', 1);
  CREATE TABLE counts(
    minute INTEGER NOT NULL, grp INTEGER NOT NULL,
    accepted INTEGER NOT NULL, delivered INTEGER NOT NULL, failed INTEGER NOT NULL, dead INTEGER NOT NULL,
    PRIMARY KEY(minute, grp)
  ) WITHOUT ROWID;
  CREATE TABLE accounts(
    minute INTEGER NOT NULL, grp INTEGER NOT NULL, state INTEGER NOT NULL, messages INTEGER NOT NULL,
    PRIMARY KEY(minute, grp, state)
  ) WITHOUT ROWID;
  CREATE TABLE activity(n INTEGER PRIMARY KEY, at INTEGER NOT NULL, kind TEXT NOT NULL, source INTEGER NOT NULL, content TEXT NOT NULL);
  CREATE INDEX activity_at ON activity(at);
  CREATE TABLE holes(n INTEGER PRIMARY KEY, reason TEXT NOT NULL, since INTEGER NOT NULL, until INTEGER NOT NULL);
  CREATE TABLE erasures(digest TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;
  `,
];

/** The index was written by a newer release. */
export class NewerSchema extends Error {}

/**
 * Brings the schema up to date, in place.
 * @throws NewerSchema if a newer release has changed it already
 */
export function migrate(database: HistoryDatabase, migrations: readonly string[] = MIGRATIONS): void {
  database.exec('CREATE TABLE IF NOT EXISTS migrations(version INTEGER PRIMARY KEY)');
  database.transaction(() => {
    const [row] = database.prepare('SELECT count(*) FROM migrations').rows();
    const applied = numberAt(row, 0);
    if (applied > migrations.length)
      throw new NewerSchema(`the index has schema ${applied}, this release knows ${migrations.length}`);
    for (const [index, sql] of migrations.entries()) {
      if (index < applied) continue;
      database.exec(sql);
      database.prepare('INSERT INTO migrations(version) VALUES(?)').run(index + 1);
    }
  });
}
