import { type z } from 'zod';
import { type ReceivedEvents } from '../received-events';
import { type BoundedList } from '../bounded-list';
import { isObject } from '../events/json';
import { ruleSchema } from '../faults/rule';
import { type Rulebook } from '../faults/rulebook';
import { type SimulatedResponse, jsonResponse } from '../http/simulated-response';
import { type IncidentStore } from '../incidents/incident-store';
import { type Incident } from '../incidents/incident';
import { type LogEntry } from '../incidents/journal';
import { incidentBody } from '../rest/incident-body';
import { logEntryBody } from '../rest/log-entry-body';
import { type RestRequest } from '../rest/rest-api';
import { type SimulatorSettings, settingsSchema } from '../settings';
import { type Statistics } from '../statistics';
import { downSchema, type Down } from './down';
import { runScript, type Script, scriptsSchema } from './log-entry-script';

export interface ControlParts {
  readonly received: ReceivedEvents;
  readonly store: IncidentStore;
  readonly rulebook: Rulebook;
  readonly statistics: Statistics;
  readonly restRequests: BoundedList<RestRequest>;
  readonly settings: () => SimulatorSettings;
  readonly replaceSettings: (settings: SimulatorSettings) => void;
  /** Deletes events, incidents, log entries and counts; with `everything`, faults and settings too. */
  readonly reset: (what: 'records' | 'everything') => void;
  readonly down: (how: Down) => void;
  readonly up: () => void;
}

interface Call {
  readonly parts: ControlParts;
  readonly query: URLSearchParams;
  /** The JSON of the body; undefined if there is none. */
  readonly body: unknown;
  /** The path segment that matched `*`. */
  readonly pathSuffix: string;
}

type Handler = (call: Call) => SimulatedResponse;

export const problemResponse = (status: number, ...problems: string[]): SimulatedResponse =>
  jsonResponse(status, { problems });

/** All routes of the control API except GET /_control/events, as `METHOD path`; `*` matches one segment. */
export const ROUTES: Readonly<Record<string, Handler>> = {
  'DELETE /_control/events': ({ parts }) => {
    parts.reset('records');
    return jsonResponse(200, { reset: 'records' });
  },
  'POST /_control/reset': ({ parts }) => {
    parts.reset('everything');
    return jsonResponse(200, { reset: 'everything' });
  },
  'GET /_control/stats': ({ parts }) => jsonResponse(200, statistics(parts)),
  'GET /_control/faults': ({ parts }) => jsonResponse(200, { faults: parts.rulebook.list() }),
  'POST /_control/faults': ({ parts, body }) =>
    withValidBody(ruleSchema, body, (rule) => jsonResponse(201, parts.rulebook.add(rule, Date.now()))),
  'DELETE /_control/faults': ({ parts }) => {
    parts.rulebook.clear();
    return jsonResponse(200, { faults: [] });
  },
  'DELETE /_control/faults/*': ({ parts, pathSuffix: rest }) =>
    parts.rulebook.remove(rest)
      ? jsonResponse(200, { removed: rest })
      : problemResponse(404, `there is no fault with the id "${rest}"`),
  'GET /_control/settings': ({ parts }) => jsonResponse(200, parts.settings()),
  'PATCH /_control/settings': ({ parts, body }) =>
    withValidBody(settingsSchema, isObject(body) ? { ...parts.settings(), ...body } : body, (settings) => {
      parts.replaceSettings(settings);
      return jsonResponse(200, settings);
    }),
  'POST /_control/down': ({ parts, body }) =>
    withValidBody(downSchema, body ?? {}, (how) => {
      parts.down(how);
      return jsonResponse(202, { down: how });
    }),
  'DELETE /_control/down': ({ parts }) => {
    parts.up();
    return jsonResponse(200, { down: null });
  },
  'GET /_control/incidents': ({ parts, query }) => jsonResponse(200, incidents(parts.store, query)),
  'GET /_control/log_entries': ({ parts }) => jsonResponse(200, logEntries(parts.store)),
  'POST /_control/log_entries': ({ parts, body }) =>
    withValidBody(scriptsSchema, body ?? {}, (scripts) => runScripts(parts.store, [scripts].flat())),
  'GET /_control/requests': ({ parts }) => jsonResponse(200, { requests: parts.restRequests.items }),
  'GET /_control/health': () => jsonResponse(200, { status: 'up' }),
};

function withValidBody<Value>(
  schema: z.ZodType<Value>,
  body: unknown,
  then: (value: Value) => SimulatedResponse,
): SimulatedResponse {
  const result = schema.safeParse(body);
  if (result.success) return then(result.data);
  return problemResponse(
    400,
    ...result.error.issues.map(({ path, message }) => `${path.join('.') || 'body'}: ${message}`),
  );
}

/** Runs scripts until one names an unknown incident. */
function runScripts(store: IncidentStore, scripts: readonly Script[]): SimulatedResponse {
  const written: LogEntry[] = [];
  for (const script of scripts) {
    const entries = runScript(store, script);
    if (entries === undefined) return problemResponse(404, `there is no incident "${script.incident}"`);
    for (const entry of entries) written.push(entry);
  }
  const last = written.at(-1);
  const ids = written.map(({ id }) => id);
  return jsonResponse(201, { count: ids.length, ids, last: last ? logEntryBody(last, new Set()) : null });
}

/** A summary of every log entry, oldest first, without the REST API's limits. */
function logEntries({ journal }: IncidentStore) {
  const entries = journal.entries.map(({ id, type, createdAt, visibleAt, incident }) => ({
    id,
    type,
    createdAt,
    visibleAt,
    incident: incident && { id: incident.id, number: incident.number, ...alertFacts(incident) },
  }));
  return { log_entries: entries, total: entries.length };
}

function statistics({ statistics: counts, store, received, rulebook }: ControlParts) {
  return {
    ...counts.snapshot(),
    recorded: received.total,
    kept: received.items.length,
    incidents: { kept: store.incidents.length, open: store.openCount },
    logEntries: store.journal.size,
    faults: rulebook.list().length,
    memoryBytes: process.memoryUsage.rss(),
  };
}

function incidents(store: IncidentStore, query: URLSearchParams) {
  const filters = ['status', 'routingKey', 'dedupKey'] as const;
  const found = store.incidents.filter((incident) =>
    filters.every((name) => !query.has(name) || query.get(name) === alertFacts(incident)[name]),
  );
  const offset = Number(query.get('offset') ?? 0);
  const limit = Number(query.get('limit') ?? 1000);
  const page = found.slice(offset, offset + limit);
  return { incidents: page.map(incidentRecord), total: found.length, more: found.length > offset + limit };
}

function alertFacts({ status, service, dedupKey }: Incident) {
  return { status, routingKey: service.routingKey, dedupKey };
}

function incidentRecord(incident: Incident) {
  return { ...alertFacts(incident), triggers: incident.triggers, incident: incidentBody(incident) };
}
