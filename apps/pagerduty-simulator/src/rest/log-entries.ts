import { type SimulatedResponse, jsonResponse } from '../http/simulated-response';
import { type IncidentStore } from '../incidents/incident-store';
import { type LogEntry } from '../incidents/journal';
import { TEAM } from '../incidents/account';
import { invalidInput, invalidRange, invalidTime, restNotFound } from './errors';
import { logEntryBody } from './log-entry-body';

const DEFAULT_LIMIT = 25;
const MAXIMUM_LIMIT = 100;
/** Maximum of offset + limit (REST API documentation, "Pagination"). */
const MAXIMUM_RECORDS = 10_000;

/** PagerDuty does not document which types is_overview omits; these do not concern the incident's state. */
const NOT_IN_OVERVIEW = new Set([
  'notify_log_entry',
  'exhaust_escalation_path_log_entry',
  'repeat_escalation_path_log_entry',
  'reach_ack_limit_log_entry',
  'reach_trigger_limit_log_entry',
]);

/** GET /log_entries: newest first, since <= created_at < until. */
export function listLogEntries(store: IncidentStore, query: URLSearchParams): SimulatedResponse {
  const limit = wholeNumber(query.get('limit'), DEFAULT_LIMIT);
  const offset = wholeNumber(query.get('offset'), 0);
  if (limit === undefined || limit < 1) return invalidInput('Limit must be a positive whole number.');
  if (offset === undefined) return invalidInput('Offset must be a whole number.');
  const pageSize = Math.min(limit, MAXIMUM_LIMIT);
  if (offset + pageSize > MAXIMUM_RECORDS) return invalidInput('Offset must be less than 10000 minus the limit.');

  const since = time(query.get('since'), -Infinity);
  const until = time(query.get('until'), Infinity);
  if (Number.isNaN(since)) return invalidTime('since');
  if (Number.isNaN(until)) return invalidTime('until');
  if (since > until) return invalidRange();

  const found = store.journal.read(since, until, Date.now(), filter(query));
  const includes = new Set(query.getAll('include[]'));
  return jsonResponse(200, {
    log_entries: found.slice(offset, offset + pageSize).map((entry) => logEntryBody(entry, includes)),
    limit: pageSize,
    offset,
    more: found.length > offset + pageSize,
    total: isTrue(query.get('total')) ? found.length : null,
  });
}

/** GET /log_entries/{id} */
export function showLogEntry(store: IncidentStore, id: string, query: URLSearchParams): SimulatedResponse {
  const entry = store.journal.find(id);
  if (!entry || entry.visibleAt > Date.now()) return restNotFound();
  return jsonResponse(200, { log_entry: logEntryBody(entry, new Set(query.getAll('include[]'))) });
}

function filter(query: URLSearchParams): (entry: LogEntry) => boolean {
  const overview = isTrue(query.get('is_overview'));
  const teams = query.getAll('team_ids[]');
  if (teams.length > 0 && !teams.includes(TEAM.id)) return () => false;
  return ({ type }) => !overview || !NOT_IN_OVERVIEW.has(type);
}

/** Undefined if the text is not a whole number. */
function wholeNumber(text: string | null, fallback: number): number | undefined {
  if (text === null || text === '') return fallback;
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

const ZONE = /(?:Z|[+-]\d{2}:?\d{2})$/i;

/** Milliseconds since 1970; a time without a zone is UTC; NaN if invalid. */
function time(text: string | null, fallback: number): number {
  if (text === null || text === '') return fallback;
  // An unencoded "+" of the zone in a query arrives as a space.
  const written = text.replace(/ (\d{2}:?\d{2})$/, '+$1').replace(' ', 'T');
  return Date.parse(ZONE.test(written) || !written.includes('T') ? written : `${written}Z`);
}

function isTrue(text: string | null): boolean {
  return text === 'true' || text === '1';
}
