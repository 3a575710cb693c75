import { type Destination } from './destination';
import { eventNames } from './event-names';
import { messageIdOf, resourceIdOf } from './identity';
import { type JsonObject, listOf, objectOf, textOf, withDefaults } from './json';
import { type LogEntry } from './log-entry';
import { type Reference, referencesTo, referenceTo } from './reference';

const API = 'https://api.pagerduty.com';

/** The fields that every v2 log entry has, with their values if PagerDuty's response has none. */
const LOG_ENTRY_FIELDS: JsonObject = {
  ...{ id: null, type: null, summary: null, self: null, html_url: null, created_at: null },
  ...{ agent: null, channel: null, service: null, incident: null },
  ...{ teams: [], contexts: [], event_details: {} },
};

const INCIDENT_FIELDS: JsonObject = {
  ...{ incident_number: null, title: null, description: null, created_at: null, status: null },
  ...{ pending_actions: [], incident_key: null, service: null, assignments: [], acknowledgements: [] },
  ...{ last_status_change_at: null, last_status_change_by: null, first_trigger_log_entry: null },
  ...{ escalation_policy: null, privilege: null, teams: [] },
  alert_counts: { all: 0, triggered: 0, resolved: 0 },
  ...{ impacted_services: [], is_mergeable: true, basic_alert_grouping: null, alert_grouping: null },
  ...{ metadata: {}, external_references: [], importance: null, incidents_responders: [] },
  ...{ responder_requests: [], subscriber_requests: [], urgency: null },
  ...{ id: null, type: 'incident', summary: null, self: null, html_url: null },
};

const SERVICE_FIELDS: JsonObject = {
  ...{ id: null, name: null, description: null, auto_resolve_timeout: null, acknowledgement_timeout: null },
  ...{ created_at: null, status: null, last_incident_timestamp: null, teams: [], incident_urgency_rule: null },
  ...{ scheduled_actions: [], support_hours: null, escalation_policy: null, addons: [], privilege: null },
  ...{ alert_creation: null, integrations: [], metadata: {} },
  ...{ type: 'service', summary: null, self: null, html_url: null },
};

/**
 * The body of a v2 webhook ("Generic V2 Webhook") with one message. It is the inverse of GET /log_entries with includes:
 * there the log entry holds the full service, here it keeps references and the incident holds the full service.
 * @param config becomes `webhook.config`
 */
export function v2Body(entry: LogEntry, destination: Destination, config: JsonObject): JsonObject {
  const fields = entry.fields;
  const service = referenceTo(fields.service ?? objectOf(fields.incident)?.service, 'service');
  const message = {
    event: eventNames(entry).v2,
    log_entries: [
      {
        ...withDefaults(LOG_ENTRY_FIELDS, fields),
        id: entry.id,
        type: entry.type,
        agent: referenceTo(fields.agent, 'agent'),
        channel: channelOf(entry),
        service,
        incident: referenceTo(fields.incident, 'incident'),
        teams: referencesTo(fields.teams, 'team'),
      },
    ],
    webhook: webhookOf(destination, service, config),
    incident: incidentOf(entry),
    id: messageIdOf(entry.id),
    created_on: createdOn(entry),
  };
  return { messages: [message] };
}

/** A note's text belongs in `channel.summary`, wherever the REST API put it. */
function channelOf(entry: LogEntry): JsonObject | null {
  const channel = objectOf(entry.fields.channel);
  const note = textOf(entry.fields.note);
  if (note === null || textOf(channel?.summary) !== null) return channel;
  return { type: 'note', ...channel, summary: note };
}

function incidentOf(entry: LogEntry): JsonObject | null {
  const incident = objectOf(entry.fields.incident);
  if (incident === null) return null;
  return {
    ...withDefaults(INCIDENT_FIELDS, incident),
    description: incident.description ?? incident.title ?? null,
    type: 'incident',
    service: fullService(entry, incident),
    alerts: alertsOf(entry, incident),
  };
}

function fullService(entry: LogEntry, incident: JsonObject): JsonObject | null {
  const service = objectOf(entry.fields.service) ?? objectOf(incident.service);
  if (service === null) return null;
  return { ...withDefaults(SERVICE_FIELDS, service), name: service.name ?? service.summary ?? null, type: 'service' };
}

/** PagerDuty lists the keys of the incident's alerts; GET /log_entries has at most the one of this entry. */
function alertsOf(entry: LogEntry, incident: JsonObject): readonly unknown[] {
  const known = listOf(incident.alerts);
  if (known.length > 0) return known;
  const channel = objectOf(entry.fields.channel);
  const event = objectOf(channel?.cef_details);
  const key = textOf(channel?.incident_key) ?? textOf(event?.dedup_key) ?? textOf(incident.incident_key);
  return [{ alert_key: key }];
}

function webhookOf(destination: Destination, service: Reference | null, config: JsonObject): JsonObject {
  const id = resourceIdOf(destination.name);
  const integration = resourceIdOf('outbound integration');
  return {
    endpoint_url: destination.endpointUrl,
    name: 'V2 webhook',
    description: null,
    webhook_object: service,
    config,
    outbound_integration: {
      id: integration,
      type: 'outbound_integration_reference',
      summary: 'Generic V2 Webhook',
      self: `${API}/outbound_integrations/${integration}`,
      html_url: null,
    },
    accounts_addon: null,
    id,
    type: 'webhook',
    summary: 'V2 webhook',
    self: `${API}/webhooks/${id}`,
    html_url: null,
  };
}

/** ISO time in whole seconds, as PagerDuty sends it. */
function createdOn(entry: LogEntry): string | null {
  return entry.createdAt === null ? null : new Date(entry.createdAt).toISOString().replace(/\.\d+Z$/, 'Z');
}
