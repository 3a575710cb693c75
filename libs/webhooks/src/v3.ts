import { type DataForm, eventNames } from './event-names';
import { eventIdOf } from './identity';
import { type JsonObject, listOf, objectOf, textOf } from './json';
import { type LogEntry } from './log-entry';
import { type Reference, referencesTo, referenceTo } from './reference';

/** Longer notes and status updates are cut, and `trimmed` is true. */
const TEXT_LIMIT = 25_000;

/** The body of a v3 webhook (of a webhook subscription): always one event. */
export function v3Body(entry: LogEntry): JsonObject {
  const names = eventNames(entry);
  return {
    event: {
      id: eventIdOf(entry.id, entry.createdAt),
      event_type: names.v3,
      resource_type: 'incident',
      occurred_at: entry.createdAt === null ? null : new Date(entry.createdAt).toISOString(),
      agent: sorted(referenceTo(entry.fields.agent, 'agent')),
      client: clientOf(entry),
      data: DATA[names.data](entry),
    },
  };
}

const DATA: Readonly<Record<DataForm, (entry: LogEntry) => JsonObject | null>> = {
  incident: incidentOf,
  incident_note: (entry) => {
    const { text, trimmed } = trimmedText(noteOf(entry));
    return {
      incident: incidentReference(entry),
      id: textOf(objectOf(entry.fields.channel)?.id) ?? entry.id,
      content: text,
      trimmed,
      type: 'incident_note',
    };
  },
  incident_status_update: (entry) => {
    const channel = objectOf(entry.fields.channel);
    const { text, trimmed } = trimmedText(textOf(entry.fields.message) ?? textOf(channel?.summary) ?? '');
    return {
      incident: incidentReference(entry),
      // The REST API has no id for the update itself.
      id: textOf(channel?.id) ?? entry.id,
      message: text,
      trimmed,
      type: 'incident_status_update',
    };
  },
  incident_field_values: (entry) => ({
    incident: incidentReference(entry),
    custom_fields: listOf(objectOf(entry.fields.incident)?.custom_fields),
    changed_custom_fields: listOf(entry.fields.changeset),
    type: 'incident_field_values',
  }),
  incident_responder: (entry) => ({
    incident: incidentReference(entry),
    user: sorted(referenceTo(entry.fields.user, 'user')),
    escalation_policy: sorted(referenceTo(entry.fields.escalation_policy, 'escalation_policy')),
    message: textOf(entry.fields.message) ?? textOf(objectOf(entry.fields.channel)?.summary),
    state: textOf(entry.fields.state) ?? 'pending',
    type: 'incident_responder',
  }),
};

function incidentOf(entry: LogEntry): JsonObject | null {
  const incident = objectOf(entry.fields.incident);
  if (incident === null) return null;
  const assignees = listOf(incident.assignments).map((assignment) => objectOf(assignment)?.assignee);
  return {
    id: incident.id ?? null,
    type: 'incident',
    self: incident.self ?? null,
    html_url: incident.html_url ?? null,
    number: incident.incident_number ?? incident.number ?? null,
    status: incident.status ?? null,
    incident_key: incident.incident_key ?? null,
    created_at: incident.created_at ?? null,
    reopened_at: incident.reopened_at ?? null,
    title: incident.title ?? incident.summary ?? null,
    service: sorted(referenceTo(entry.fields.service ?? incident.service, 'service')),
    assignees: referencesTo(assignees, 'user').map(sorted),
    escalation_policy: sorted(referenceTo(incident.escalation_policy, 'escalation_policy')),
    teams: referencesTo(incident.teams, 'team').map(sorted),
    priority: sorted(referenceTo(incident.priority, 'priority')),
    urgency: incident.urgency ?? null,
    conference_bridge: objectOf(incident.conference_bridge),
    resolve_reason: resolveReasonOf(incident),
    incident_type: { name: textOf(objectOf(incident.incident_type)?.name) ?? 'incident_default' },
  };
}

/** The REST API has an object (`{"type":"merge_resolve_reason",…}`), webhooks have a string. */
function resolveReasonOf(incident: JsonObject): string | null {
  const type = textOf(objectOf(incident.resolve_reason)?.type);
  return type === 'merge_resolve_reason' ? 'merged' : (type ?? textOf(incident.resolve_reason));
}

/** In v3 the summary of an incident is its title, without the number. */
function incidentReference(entry: LogEntry): Reference | null {
  const incident = objectOf(entry.fields.incident);
  const reference = referenceTo(incident, 'incident');
  return reference && sorted({ ...reference, summary: textOf(incident?.title) ?? reference.summary });
}

function trimmedText(text: string): { readonly text: string; readonly trimmed: boolean } {
  return { text: text.slice(0, TEXT_LIMIT), trimmed: text.length > TEXT_LIMIT };
}

function noteOf(entry: LogEntry): string {
  const channel = objectOf(entry.fields.channel);
  return textOf(channel?.summary) ?? textOf(entry.fields.note) ?? '';
}

function clientOf(entry: LogEntry): JsonObject | null {
  const name = textOf(objectOf(entry.fields.channel)?.client);
  return name === null ? null : { name };
}

/** In v3 the fields of a reference are in alphabetical order. */
function sorted<R extends Reference | null>(reference: R): R;
function sorted(reference: Reference | null): Reference | null {
  if (reference === null) return null;
  const { html_url, id, self, summary, type } = reference;
  return { html_url, id, self, summary, type };
}
