import { type Incident } from '../incidents/incident';
import { type LogEntry } from '../incidents/journal';
import { incidentBody } from './incident-body';
import {
  API_HOST,
  incidentReference,
  serviceReference,
  teamReferences,
  timestamp,
  userReference,
  WEB_HOST,
} from './reference';
import { serviceBody } from './service-body';

/** The values of `include[]`. */
export type Includes = ReadonlySet<string>;

/** A log entry as GET /log_entries returns it: with references, or complete objects if they are included. */
export function logEntryBody(entry: LogEntry, includes: Includes): Record<string, unknown> {
  const { id, incident, createdAt } = entry;
  const self = `${API_HOST}/log_entries/${id}`;
  if (entry.raw) return { id, self, created_at: timestamp(createdAt), ...entry.raw };
  if (!incident) {
    const bare = {
      id,
      type: entry.type,
      summary: entry.summary,
      self,
      html_url: null,
      created_at: timestamp(createdAt),
    };
    return { ...bare, agent: null, channel: entry.channel, teams: [], contexts: [], ...entry.extra };
  }
  const { service } = incident;
  return {
    id,
    type: entry.type,
    summary: entry.summary,
    self,
    html_url: `${WEB_HOST}/incidents/${incident.id}/log_entries/${id}`,
    created_at: timestamp(createdAt),
    agent: entry.agent.kind === 'user' ? userReference(entry.agent.user) : serviceReference(service),
    channel: channel(entry, incident, includes),
    service: includes.has('services') ? serviceBody(service) : serviceReference(service),
    incident: includes.has('incidents') ? incidentBody(incident) : incidentReference(incident),
    teams: teamReferences(),
    contexts: [],
    event_details: { description: incident.title },
    ...entry.extra,
  };
}

/** A trigger's channel describes what triggered it; with `include[]=channels` PagerDuty adds the event itself. */
function channel(entry: LogEntry, incident: Incident, includes: Includes): Readonly<Record<string, unknown>> {
  if (entry.type !== 'trigger_log_entry' || entry.channel.type !== 'api') return entry.channel;
  const { title, details, severity, dedupKey } = incident;
  const brief = { ...entry.channel, summary: title, subject: title, details };
  if (!includes.has('channels')) return brief;
  return { ...brief, incident_key: dedupKey, cef_details: { summary: title, severity, dedup_key: dedupKey, details } };
}
