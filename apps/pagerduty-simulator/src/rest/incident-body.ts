import { type Incident } from '../incidents/incident';
import {
  API_HOST,
  incidentSummary,
  policyReference,
  serviceReference,
  teamReferences,
  timestamp,
  userReference,
  WEB_HOST,
} from './reference';

const ESCALATE_AFTER_MS = 30 * 60_000;
const RESOLVE_AFTER_MS = 4 * 3_600_000;
const UNACKNOWLEDGE_AFTER_MS = 30 * 60_000;

/** The complete incident in its current state, as returned with `include[]=incidents`. */
export function incidentBody(incident: Incident): Record<string, unknown> {
  const { id, number, title, service, status } = incident;
  const serviceShort = serviceReference(service);
  const changer = incident.statusChangedBy ? userReference(incident.statusChangedBy) : serviceShort;
  return {
    incident_number: number,
    title,
    description: title,
    created_at: timestamp(incident.createdAt),
    status,
    pending_actions: pendingActions(incident),
    incident_key: incident.dedupKey,
    service: serviceShort,
    assignments: incident.assignee
      ? [{ at: timestamp(incident.createdAt), assignee: userReference(incident.assignee) }]
      : [],
    acknowledgements:
      status === 'acknowledged' ? [{ at: timestamp(incident.statusChangedAt), acknowledger: changer }] : [],
    last_status_change_at: timestamp(incident.statusChangedAt),
    last_status_change_by: changer,
    first_trigger_log_entry: {
      id: incident.firstTriggerEntryId,
      type: 'trigger_log_entry_reference',
      summary: 'Triggered through the API',
      self: `${API_HOST}/log_entries/${incident.firstTriggerEntryId}`,
      html_url: `${WEB_HOST}/log_entries/${incident.firstTriggerEntryId}`,
    },
    escalation_policy: policyReference(incident.policy),
    privilege: null,
    teams: teamReferences(),
    alert_counts: { all: 1, triggered: status === 'resolved' ? 0 : 1, resolved: status === 'resolved' ? 1 : 0 },
    impacted_services: [serviceShort],
    is_mergeable: true,
    basic_alert_grouping: null,
    alert_grouping: null,
    metadata: {},
    external_references: [],
    importance: null,
    incidents_responders: [],
    responder_requests: [],
    subscriber_requests: [],
    urgency: incident.urgency,
    ...(incident.priority === null ? {} : { priority: priority(incident.priority) }),
    ...(incident.resolveReason === null ? {} : { resolve_reason: { type: incident.resolveReason } }),
    id,
    type: 'incident',
    summary: incidentSummary(incident),
    self: `${API_HOST}/incidents/${id}`,
    html_url: `${WEB_HOST}/incidents/${id}`,
  };
}

function pendingActions({ status, createdAt, statusChangedAt }: Incident): unknown[] {
  if (status === 'resolved') return [];
  const resolve = { type: 'resolve', at: timestamp(createdAt + RESOLVE_AFTER_MS) };
  if (status === 'triggered') return [{ type: 'escalate', at: timestamp(createdAt + ESCALATE_AFTER_MS) }, resolve];
  return [{ type: 'unacknowledge', at: timestamp(statusChangedAt + UNACKNOWLEDGE_AFTER_MS) }, resolve];
}

function priority(name: string): Record<string, unknown> {
  const id = `PPRIO${name}`;
  return { id, type: 'priority', summary: name, name, self: `${API_HOST}/priorities/${id}`, html_url: null };
}
