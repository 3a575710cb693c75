import { MESSAGE_STATES } from '@pdaltagent/journal';
import { type FoundMessage, type Page, type SearchOptions } from './answers';
import { type HistoryDatabase, numberAt, type Value } from './database';
import { groupNumber } from './interned';
import { firstNumberAt, idBytes } from './message-number';
import { foundMessage, messageRecord, type MessageRecord, RECORD_SELECTION } from './message-records';
import { alertHash } from './message-rows';
import { columnQuery, searchQuery } from './search-text';

const LIMIT = 50;

interface Condition {
  readonly sql: string;
  readonly values: readonly Value[];
}

/** Where to look: by one of the indices, always from the latest message backwards. The other conditions are checked message by message. */
interface Access extends Condition {
  readonly tables: string;
  readonly number: string;
}

const MESSAGES = { tables: 'messages m', number: 'm.n' };

export function searchMessages(database: HistoryDatabase, options: SearchOptions): Page<FoundMessage> {
  const { limit = LIMIT, text } = options;
  // Punctuation alone is in no text.
  if (text !== undefined && text.trim() !== '' && searchQuery(text) === undefined)
    return { items: [], next: undefined };
  const keys = options.key === undefined ? undefined : keysOf(database, options.key);
  const found = accessesOf(options, keys).flatMap((access) => find(database, access, options, keys, limit + 1));
  found.sort((a, b) => b.n - a.n);
  const items = found.slice(0, limit);
  return { items: items.map(foundMessage), next: found.length > limit ? String(items.at(-1)?.n) : undefined };
}

function find(
  database: HistoryDatabase,
  { tables, number, ...condition }: Access,
  options: SearchOptions,
  keys: readonly number[] | undefined,
  limit: number,
): readonly MessageRecord[] {
  const conditions = [condition, ...rangesOf(options, number), ...filtersOf(options, keys)];
  const rows = database
    .prepare(
      `SELECT ${RECORD_SELECTION} FROM ${tables} WHERE ${conditions.map(({ sql }) => sql).join(' AND ')}
       ORDER BY ${number} DESC LIMIT ?`,
    )
    .rows(...conditions.flatMap(({ values }) => values), limit);
  return rows.map(messageRecord);
}

/** The index that leaves the fewest messages to check. Several, if their results are to be merged. */
function accessesOf(options: SearchOptions, keys: readonly number[] | undefined): readonly Access[] {
  const { id, alert, text, source, state, group } = options;
  if (id !== undefined) return [{ ...MESSAGES, sql: 'm.id = ?', values: [idBytes(id)] }];
  if (alert !== undefined)
    return [{ ...MESSAGES, sql: 'm.alert_hash = ? AND m.alert = ?', values: [alertHash(alert), alert] }];
  const match = matchOf(text, source);
  if (match !== undefined) {
    const tables = 'search CROSS JOIN messages m ON m.n = search.rowid';
    return [{ tables, number: 'search.rowid', sql: 'search MATCH ?', values: [match] }];
  }
  if (keys !== undefined) return keys.map((key) => ({ ...MESSAGES, sql: 'm.key = ?', values: [key] }));
  if (state !== undefined && state !== 'delivered')
    // The second condition is that of the index.
    return [{ ...MESSAGES, sql: `m.state = ${MESSAGE_STATES.indexOf(state)} AND m.state <> 1`, values: [] }];
  if (group === 'webhooks') return [{ ...MESSAGES, sql: 'm.grp = 1', values: [] }];
  return [{ ...MESSAGES, sql: 'true', values: [] }];
}

/** A REAL, as numbers are bound, is no rowid for FTS5. */
function rangesOf({ since, until, cursor }: SearchOptions, number: string): readonly Condition[] {
  return [
    ...(since === undefined ? [] : [{ sql: `${number} >= CAST(? AS INTEGER)`, values: [firstNumberAt(since)] }]),
    ...(until === undefined ? [] : [{ sql: `${number} < CAST(? AS INTEGER)`, values: [firstNumberAt(until)] }]),
    ...(cursor === undefined ? [] : [{ sql: `${number} < CAST(? AS INTEGER)`, values: [cursor] }]),
  ];
}

/** All conditions except that of the texts; the sign keeps SQLite from choosing another index. */
function filtersOf(options: SearchOptions, keys: readonly number[] | undefined): readonly Condition[] {
  const { id, alert, text, source, state, group } = options;
  const byText = id !== undefined || alert !== undefined ? matchOf(text, undefined) : undefined;
  return [
    ...(byText === undefined
      ? []
      : [{ sql: 'm.n IN (SELECT rowid FROM search WHERE search MATCH ?)', values: [byText] }]),
    ...(alert === undefined ? [] : [{ sql: '+m.alert = ?', values: [alert] }]),
    ...(source === undefined ? [] : [{ sql: '+m.source = ?', values: [source] }]),
    ...(keys === undefined
      ? []
      : [{ sql: '+m.key IN (SELECT value FROM json_each(?))', values: [JSON.stringify(keys)] }]),
    ...(state === undefined ? [] : [{ sql: `+m.state = ${MESSAGE_STATES.indexOf(state)}`, values: [] }]),
    ...(group === undefined ? [] : [{ sql: `+m.grp = ${groupNumber(group)}`, values: [] }]),
  ];
}

function matchOf(text: string | undefined, source: string | undefined): string | undefined {
  const queries = [
    text === undefined ? undefined : searchQuery(text),
    source === undefined ? undefined : columnQuery('source', source),
  ].filter((query) => query !== undefined);
  return queries.length === 0 ? undefined : queries.map((query) => `(${query})`).join(' AND ');
}

function keysOf(database: HistoryDatabase, key: string): readonly number[] {
  const end = key.replace(/^…/, '');
  const rows = database
    .prepare('SELECT n FROM keys WHERE digest = ?1 OR substr(keys.key, -length(?2)) = ?2')
    .rows(key, end);
  return rows.map((row) => numberAt(row, 0));
}
