import { erasureDigestOf, MESSAGE_STATES, type MessageState } from '@pdaltagent/journal';
import { type HistoryDatabase, type Row, bytesAt, numberAt, textAt } from './database';
import { decodeFacts, encodeFacts, type StoredFact } from './message-facts';
import { acceptedAt, idOf } from './message-number';

/** What the full-text search finds. */
export interface Texts {
  readonly alert: string | null;
  readonly severity: string | null;
  readonly source: string | null;
  readonly summary: string | null;
}

export const NO_TEXTS: Texts = { alert: null, severity: null, source: null, summary: null };

export interface MessageRow extends Texts {
  readonly n: number;
  readonly id: Buffer;
  readonly group: number;
  readonly type: number | null;
  readonly action: number | null;
  /** Null: only facts that do not say whose message it is have arrived. */
  readonly key: number | null;
  readonly state: MessageState;
  readonly isErased: boolean;
  readonly facts: readonly StoredFact[];
}

export const MESSAGE_COLUMNS = 'n, id, grp, type, action, key, alert, severity, source, summary, state, erased, facts';

export function messageRow(row: Row): MessageRow {
  const n = numberAt(row, 0);
  return {
    n,
    id: bytesAt(row, 1),
    group: numberAt(row, 2),
    type: numberOrNull(row, 3),
    action: numberOrNull(row, 4),
    key: numberOrNull(row, 5),
    alert: textAt(row, 6) ?? null,
    severity: textAt(row, 7) ?? null,
    source: textAt(row, 8) ?? null,
    summary: textAt(row, 9) ?? null,
    state: MESSAGE_STATES[numberAt(row, 10)] ?? 'waiting',
    isErased: numberAt(row, 11) === 1,
    facts: decodeFacts(textAt(row, 12) ?? '[]', acceptedAt(n)),
  };
}

const numberOrNull = (row: Row, column: number): number | null => (row[column] === null ? null : numberAt(row, column));

/** Writes messages and what the full-text search finds of them. Everything of it is inside of a transaction. */
export class MessageRows {
  readonly #database: HistoryDatabase;
  /** Rows whose texts are to be added to the search, all in one statement. */
  #unindexed: number[] = [];

  constructor(database: HistoryDatabase) {
    this.#database = database;
  }

  /** By id, in hexadecimal digits. */
  find(ids: readonly string[]): ReadonlyMap<string, MessageRow> {
    const rows = this.#database
      .prepare(`SELECT ${MESSAGE_COLUMNS} FROM messages WHERE id IN (SELECT unhex(value) FROM json_each(?))`)
      .rows(JSON.stringify(ids));
    return new Map(rows.map(messageRow).map((row) => [row.id.toString('hex'), row]));
  }

  /** The message of a digest in an `erased` fact: at most one. The index has the beginnings of the digests, which may be alike. */
  findErased(digest: string): readonly MessageRow[] {
    const rows = this.#database
      .prepare(`SELECT ${MESSAGE_COLUMNS} FROM messages WHERE erasure = ?`)
      .rows(digestHash(digest));
    return rows.map(messageRow).filter(({ id }) => erasureDigestOf(idOf(id)) === digest);
  }

  /** @returns its number, which is another one than that of the row if that one is taken */
  insert(row: MessageRow): number {
    const insert = this.#database.prepare(
      `INSERT INTO messages(${MESSAGE_COLUMNS}, alert_hash, erasure) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT(n) DO NOTHING`,
    );
    const erasure = digestHash(erasureDigestOf(idOf(row.id)));
    for (let n = row.n; ; n += 1) {
      if (insert.run(n, ...valuesOf(row, n), erasure) === 0) continue;
      if (hasTexts(row)) this.#unindexed.push(n);
      return n;
    }
  }

  updateState({ n, state, facts }: MessageRow): void {
    this.#database
      .prepare('UPDATE messages SET state = ?, facts = ? WHERE n = ?')
      .run(MESSAGE_STATES.indexOf(state), encodeFacts(facts, acceptedAt(n)), n);
  }

  /** Everything but its id and number. */
  replace(old: MessageRow, row: MessageRow): void {
    this.#unindex(old);
    this.#database
      .prepare(
        `UPDATE messages SET id = ?, grp = ?, type = ?, action = ?, key = ?, alert = ?, severity = ?, source = ?, summary = ?,
           state = ?, erased = ?, facts = ?, alert_hash = ? WHERE n = ?`,
      )
      .run(...valuesOf(row, old.n), old.n);
    if (hasTexts(row)) this.#unindexed.push(old.n);
  }

  delete(row: MessageRow): void {
    this.#unindex(row);
    this.#database.prepare('DELETE FROM messages WHERE n = ?').run(row.n);
  }

  /** Must be called at the end of the transaction. */
  save(): void {
    if (this.#unindexed.length === 0) return;
    this.#database
      .prepare(
        `INSERT INTO search(rowid, summary, source, alert)
         SELECT n, summary, source, alert FROM messages WHERE n IN (SELECT value FROM json_each(?))`,
      )
      .run(JSON.stringify(this.#unindexed));
    this.#unindexed = [];
  }

  /** After a transaction that was undone. */
  forget(): void {
    this.#unindexed = [];
  }

  #unindex(row: MessageRow): void {
    if (!hasTexts(row)) return;
    const waiting = this.#unindexed.indexOf(row.n);
    if (waiting !== -1) {
      this.#unindexed.splice(waiting, 1);
      return;
    }
    this.#database
      .prepare(`INSERT INTO search(search, rowid, summary, source, alert) VALUES('delete', ?, ?, ?, ?)`)
      .run(row.n, row.summary, row.source, row.alert);
  }
}

const hasTexts = ({ alert, source, summary }: Texts): boolean => alert !== null || source !== null || summary !== null;

const valuesOf = (row: MessageRow, n: number) => [
  row.id,
  row.group,
  row.type,
  row.action,
  row.key,
  row.alert,
  row.severity,
  row.source,
  row.summary,
  MESSAGE_STATES.indexOf(row.state),
  row.isErased ? 1 : 0,
  encodeFacts(row.facts, acceptedAt(n)),
  row.alert === null ? null : alertHash(row.alert),
];

/** The beginning of an erasure's digest, for a small index. */
const digestHash = (digest: string): number => Buffer.from(digest.slice(0, 6), 'base64url').readUIntBE(0, 4);

/** For an index that is much smaller than one of the alerts themselves: FNV-1a of 32 bits. */
export function alertHash(alert: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < alert.length; index += 1) hash = Math.imul(hash ^ alert.charCodeAt(index), 0x01000193);
  return hash >>> 0;
}
