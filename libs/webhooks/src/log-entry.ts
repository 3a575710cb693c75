import { createHash } from 'node:crypto';
import { type JsonObject, listOf, objectOf, textOf, textOfJson } from './json';

/** One element of GET /log_entries. Every field of PagerDuty's may be missing or null; what is known for sure stands here. */
export interface LogEntry {
  /** PagerDuty's id, or one derived from the content where there is none. */
  readonly id: string;
  /** E.g. `trigger_log_entry`; `log_entry` where there is none. */
  readonly type: string;
  /** Milliseconds since 1970, null where it cannot be read. PagerDuty gives whole seconds. */
  readonly createdAt: number | null;
  readonly incidentId: string | null;
  readonly serviceId: string | null;
  /** The whole object as PagerDuty sent it. */
  readonly fields: JsonObject;
}

/** Reads one log entry tolerantly; null only for what is no JSON object. */
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
 * Oldest first, by created_at, which has whole seconds; entries of one second keep the order in which PagerDuty listed them.
 * GET /log_entries promises no order and lists the newest first: whatever is the case shows in the first and the last time.
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

/** A time in milliseconds since 1970; a time without a zone is UTC; null where it cannot be read. */
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

/** Of what the entry itself says: its incident, service and teams are given as they are now, and change between readings. */
function contentId(fields: JsonObject): string {
  const { incident, service, teams, ...own } = fields;
  const of = [objectOf(incident)?.id, objectOf(service)?.id, listOf(teams).length];
  return `content-${contentHash([own, of])}`;
}

/** Names something that has no id of its own, the same at every reading; what is nested too deep only by its outermost names. */
export function contentHash(value: unknown): string {
  const text = textOfJson(value) ?? Object.keys(objectOf(value) ?? {}).join();
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}
