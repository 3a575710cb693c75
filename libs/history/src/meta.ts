import { type HistoryDatabase, numberAt, textAt } from './database';

/** The batch that the index ends with. */
export interface Position {
  readonly offset: number;
  readonly instance: string;
  readonly sequence: number;
  /** The time of its last fact; milliseconds since 1970. */
  readonly at: number;
}

export function positionOf(database: HistoryDatabase): Position | undefined {
  const offset = metaNumber(database, 'offset');
  const sequence = metaNumber(database, 'sequence');
  const at = metaNumber(database, 'at');
  const [row] = database.prepare('SELECT value FROM meta WHERE name = ?').rows('instance');
  const instance = textAt(row, 0);
  if (offset === undefined || sequence === undefined || at === undefined || instance === undefined) return undefined;
  return { offset, sequence, at, instance };
}

export function savePosition(database: HistoryDatabase, position: Position): void {
  const values: Readonly<Record<string, string | number>> = { ...position };
  for (const [name, value] of Object.entries(values)) setMeta(database, name, value);
}

/** Nothing is known of what happened before; milliseconds since 1970. Undefined: of nothing at all. */
export const startsAt = (database: HistoryDatabase): number | undefined => metaNumber(database, 'starts_at');

export function setStart(database: HistoryDatabase, at: number): void {
  setMeta(database, 'starts_at', at);
}

function metaNumber(database: HistoryDatabase, name: string): number | undefined {
  const [row] = database.prepare('SELECT value FROM meta WHERE name = ?').rows(name);
  return row === undefined ? undefined : numberAt(row, 0);
}

function setMeta(database: HistoryDatabase, name: string, value: string | number): void {
  database
    .prepare('INSERT INTO meta(name, value) VALUES(?, ?) ON CONFLICT(name) DO UPDATE SET value = excluded.value')
    .run(name, value);
}
