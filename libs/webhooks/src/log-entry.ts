import { createHash } from 'node:crypto';
import { type JsonObject, listOf, objectOf, textOf, textOfJson } from './json';

/** One element of GET /log_entries. Any of PagerDuty's fields may be missing or null; these are validated. */
export interface LogEntry {
  /** PagerDuty's id, or one derived from the content if there is none. */
  readonly id: string;
  /** E.g. `trigger_log_entry`; `log_entry` if there is none. */
  readonly type: string;
  /** Milliseconds since 1970; null if it cannot be parsed. PagerDuty sends whole seconds. */
  readonly createdAt: number | null;
  readonly incidentId: string | null;
  readonly serviceId: string | null;
  /** The whole object as PagerDuty sent it. */
  readonly fields: JsonObject;
}

/** Parses a log entry tolerantly; null only if it is not a JSON object. */
export function parseLogEntry(value: unknown): LogEntry | null {
  const fields = objectOf(value);
  if (fields === null) return null;
  const incident = objectOf(fields.incident);
  const service = objectOf(fields.service) ?? objectOf(incident?.service);
  return {
    id: idOf(fields.id) ?? contentId(fields),
    type: textOf(fields.type) ?? 'log_entry',
    createdAt: parseTime(fields.created_at),
    incidentId: textOf(incident?.id),
    serviceId: textOf(service?.id),
    fields,
  };
}

/**
 * Oldest first, by created_at, which has whole seconds; entries of one second keep PagerDuty's order.
 * GET /log_entries promises no order but lists the newest first: the first and the last time show which it is.
 * Entries without a time come last.
 */
export function oldestFirst(listed: readonly LogEntry[]): LogEntry[] {
  const times = listed.flatMap(({ createdAt }) => createdAt ?? []);
  const isAscending = (times.at(0) ?? 0) < (times.at(-1) ?? 0);
  // The sort is stable.
  return (isAscending ? [...listed] : [...listed].reverse()).sort(byTime);
}

function byTime(a: LogEntry, b: LogEntry): number {
  const left = a.createdAt ?? Number.POSITIVE_INFINITY;
  const right = b.createdAt ?? Number.POSITIVE_INFINITY;
  return left === right ? 0 : left < right ? -1 : 1;
}

/** A time in milliseconds since 1970; a time without a zone is UTC; null if it cannot be parsed. */
export function parseTime(value: unknown): number | null {
  const text = textOf(value);
  if (text === null) return null;
  const hasZone = /(?:[Zz]|[+-]\d\d:?\d\d)$/.test(text);
  const instant = Date.parse(hasZone || !text.includes('T') ? text : `${text}Z`);
  return Number.isNaN(instant) ? null : instant;
}

function idOf(value: unknown): string | null {
  return typeof value === 'number' ? String(value) : textOf(value);
}

/**
 * Derived from the entry itself: its incident, service and teams are included as they are now, and change between
 * reads.
 */
function contentId(fields: JsonObject): string {
  const { incident, service, teams, ...own } = fields;
  const of = [objectOf(incident)?.id, objectOf(service)?.id, listOf(teams).length];
  return `content-${contentHash([own, of])}`;
}

/** A stable hash for something without an id; for a value that is nested too deeply, of its outermost names only. */
export function contentHash(value: unknown): string {
  const text = textOfJson(value) ?? Object.keys(objectOf(value) ?? {}).join();
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}
