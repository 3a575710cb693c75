import { type FactGroup, type FactSource, MESSAGE_STATES, type MessageState } from '@pdaltagent/journal';
import {
  type Accounts,
  type Activity,
  type ActivityOptions,
  type Counts,
  type CountsOptions,
  type HoleReason,
  type MessageWithFacts,
  type Missing,
  type Page,
  type Window,
} from './answers';
import { type HistoryDatabase, numberAt, type Row, textAt, type Value } from './database';
import { GROUPS } from './interned';
import { originOf } from './message-facts';
import { factOf, foundMessage, messageRecord, RECORD_COLUMNS } from './message-records';
import { idBytes } from './message-number';
import { missingBatches } from './sources';
import { MINUTE } from './tallies';

const LIMIT = 50;

export function messageOf(database: HistoryDatabase, id: string): MessageWithFacts | undefined {
  const [row] = database.prepare(`SELECT ${RECORD_COLUMNS} WHERE m.id = ?`).rows(idBytes(id));
  if (row === undefined) return undefined;
  const record = messageRecord(row);
  const message = foundMessage(record);
  const facts = record.facts.map((stored) => {
    const { source, sequence, index } = originOf(stored);
    return { fact: factOf(stored, message), source: sourceOf(database, source), sequence, index };
  });
  return { message, facts };
}

export function countsOf(database: HistoryDatabase, { since, until, step }: CountsOptions): readonly Counts[] {
  const minutes = Math.max(1, Math.ceil(step / MINUTE));
  const rows = database
    .prepare(
      `SELECT minute / CAST(?1 AS INTEGER) AS step, grp, sum(accepted), sum(delivered), sum(failed), sum(dead) FROM counts
       WHERE minute >= ?2 AND minute < ?3 GROUP BY step, grp ORDER BY step, grp`,
    )
    .rows(minutes, ...minutesOf({ since, until }));
  return rows.map((row) => ({
    at: numberAt(row, 0) * minutes * MINUTE,
    group: groupAt(row, 1),
    accepted: numberAt(row, 2),
    delivered: numberAt(row, 3),
    failed: numberAt(row, 4),
    dead: numberAt(row, 5),
  }));
}

export function accountsOf(database: HistoryDatabase, window: Window): Accounts {
  const rows = database
    .prepare('SELECT grp, state, sum(messages) FROM accounts WHERE minute >= ? AND minute < ? GROUP BY grp, state')
    .rows(...minutesOf(window));
  const numberOf = (group: FactGroup, state: MessageState): number => {
    const [grp, code] = [GROUPS.indexOf(group), MESSAGE_STATES.indexOf(state)];
    const found = rows.find((row) => row[0] === grp && row[1] === code);
    return found === undefined ? 0 : numberAt(found, 2);
  };
  const statesOf = (group: FactGroup): Record<MessageState, number> => ({
    waiting: numberOf(group, 'waiting'),
    delivered: numberOf(group, 'delivered'),
    'dead-letter': numberOf(group, 'dead-letter'),
    quarantined: numberOf(group, 'quarantined'),
    discarded: numberOf(group, 'discarded'),
    expired: numberOf(group, 'expired'),
    replayed: numberOf(group, 'replayed'),
  });
  return { events: statesOf('events'), webhooks: statesOf('webhooks') };
}

const minutesOf = ({ since, until }: Window): [number, number] => [
  Math.floor(since / MINUTE),
  Math.ceil(Math.min(until, Number.MAX_SAFE_INTEGER) / MINUTE),
];

/** The latest first; those of the same time in the order of arrival, backwards. */
export function activityOf(database: HistoryDatabase, options: ActivityOptions): Page<Activity> {
  const { since = 0, until = Number.MAX_SAFE_INTEGER, kinds, limit = LIMIT, cursor } = options;
  const [beforeAt, beforeN] = cursor === undefined ? [until, 0] : cursorOf(cursor);
  const values: Value[] = [since, until, beforeAt, beforeN, limit + 1];
  if (kinds !== undefined) values.push(JSON.stringify(kinds));
  const rows = database
    .prepare(
      `SELECT n, at, kind, source, content FROM activity
       WHERE at >= ?1 AND at < ?2 AND (at, n) < (?3, ?4)
       ${kinds === undefined ? '' : 'AND kind IN (SELECT value FROM json_each(?6))'}
       ORDER BY at DESC, n DESC LIMIT ?5`,
    )
    .rows(...values);
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return {
    items: items.map((row) => ({
      at: numberAt(row, 1),
      kind: textAt(row, 2) ?? '',
      by: sourceOf(database, numberAt(row, 3)),
      content: contentOf(textAt(row, 4)),
    })),
    next: rows.length > limit ? `${numberAt(last, 1)}.${numberAt(last, 0)}` : undefined,
  };
}

function cursorOf(cursor: string): [number, number] {
  const [at = NaN, n = NaN] = cursor.split('.').map(Number);
  return [at, n];
}

export function missingOf(database: HistoryDatabase): Missing {
  const rows = database.prepare('SELECT reason, since, until FROM holes ORDER BY n').rows();
  const holes = rows.map((row) => {
    const reason: HoleReason = textAt(row, 0) === 'recreated' ? 'recreated' : 'dropped';
    return { reason, since: numberAt(row, 1), until: numberAt(row, 2) };
  });
  return { holes, batches: missingBatches(database) };
}

function sourceOf(database: HistoryDatabase, source: number): FactSource {
  const [row] = database.prepare('SELECT service, host, instance FROM sources WHERE n = ?').rows(source);
  return { service: textAt(row, 0) ?? '', host: textAt(row, 1) ?? '', instance: textAt(row, 2) ?? '' };
}

export const groupAt = (row: Row, column: number): FactGroup => GROUPS[numberAt(row, column)] ?? 'events';

function contentOf(text = '{}'): Readonly<Record<string, unknown>> {
  const content: unknown = JSON.parse(text);
  return typeof content === 'object' && content !== null ? { ...content } : {};
}
