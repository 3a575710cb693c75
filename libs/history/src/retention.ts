import { type HistoryDatabase, numberAt } from './database';
import { acceptedAt, firstNumberAt } from './message-number';
import { MESSAGE_COLUMNS, messageRow, MessageRows } from './message-rows';
import { setStart, startsAt } from './meta';
import { MINUTE } from './tallies';

/** What the index keeps at most. */
export interface RetentionLimits {
  /** Messages by their acceptance, and everything else by its time. */
  readonly maximumAgeMs: number;
  /** Of the database file, without pages that are free to be used again. */
  readonly maximumBytes: number;
}

/** So many messages in one transaction, so that searches do not wait for longer than a moment. */
const AT_ONCE = 250;

/**
 * Removes some of what is too old or too much, the oldest first.
 * @param now milliseconds since 1970
 * @returns whether there may be more
 */
export function removeOld(
  database: HistoryDatabase,
  { maximumAgeMs, maximumBytes }: RetentionLimits,
  now: number,
): boolean {
  const tooOld = firstNumberAt(now - maximumAgeMs);
  const isTooLarge = usedBytes(database) > maximumBytes;
  const oldest = database
    .prepare(`SELECT ${MESSAGE_COLUMNS} FROM messages ORDER BY n LIMIT ?`)
    .rows(AT_ONCE)
    .map(messageRow);
  const removed = isTooLarge ? oldest : oldest.filter(({ n }) => n < tooOld);
  const latest = removed.at(-1);
  const cut = Math.max(now - maximumAgeMs, isTooLarge && latest !== undefined ? acceptedAt(latest.n) : 0);
  const before = startsAt(database);
  if (removed.length === 0 && (before === undefined || before >= cut)) return false;
  database.transaction(() => {
    const rows = new MessageRows(database);
    for (const row of removed) rows.delete(row);
    for (const table of ['counts', 'accounts'])
      database.prepare(`DELETE FROM ${table} WHERE minute < ?`).run(Math.floor(cut / MINUTE));
    database.prepare('DELETE FROM activity WHERE at < ?').run(cut);
    database.prepare('DELETE FROM holes WHERE until < ?').run(cut);
    if (before !== undefined && before < cut) setStart(database, cut);
  });
  return removed.length === AT_ONCE;
}

function usedBytes(database: HistoryDatabase): number {
  const of = (pragma: string) => numberAt(database.prepare(`PRAGMA ${pragma}`).rows()[0], 0);
  return (of('page_count') - of('freelist_count')) * of('page_size');
}
