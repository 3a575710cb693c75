import { objectOf, textOf } from './json';
import { type LogEntry } from './log-entry';

/** What the `data` of a v3 event describes. */
export type DataForm =
  'incident' | 'incident_note' | 'incident_field_values' | 'incident_responder' | 'incident_status_update';

/** PagerDuty's own webhook event names for one kind of log entry; null if PagerDuty sends none. */
export interface OfficialNames {
  readonly v2: string | null;
  readonly v3: string | null;
  readonly data: DataForm;
}

/** The names under which an entry is sent. */
export interface EventNames {
  readonly v2: string;
  readonly v3: string;
  readonly data: DataForm;
}

const none: OfficialNames = { v2: null, v3: null, data: 'incident' };
const named = (v2: string | null, v3: string | null, data: DataForm = 'incident'): OfficialNames => ({ v2, v3, data });

/**
 * Log entry type (without `_log_entry`) to event. v2 names: PagerDuty developer docs, webhooks v2; v2 to v3: knowledge
 * base, webhooks, "Version Comparison". The types after `custom_field_value_change` are undocumented but occur.
 */
export const EVENTS_BY_KIND: ReadonlyMap<string, OfficialNames> = new Map([
  ['trigger', named('incident.trigger', 'incident.triggered')],
  ['acknowledge', named('incident.acknowledge', 'incident.acknowledged')],
  // The REST API's schema spells it this way, its examples as above.
  ['acknowledgement', named('incident.acknowledge', 'incident.acknowledged')],
  ['unacknowledge', named('incident.unacknowledge', 'incident.unacknowledged')],
  ['resolve', named('incident.resolve', 'incident.resolved')],
  ['assign', named('incident.assign', 'incident.reassigned')],
  ['escalate', named('incident.escalate', 'incident.escalated')],
  ['delegate', named('incident.delegate', 'incident.delegated')],
  ['annotate', named('incident.annotate', 'incident.annotated', 'incident_note')],
  ['exhaust_escalation_path', none],
  ['notify', none],
  ['reach_ack_limit', none],
  ['reach_trigger_limit', none],
  ['repeat_escalation_path', none],
  ['snooze', none],
  ['urgency_change', none],
  ['field_value_change', none],
  ['custom_field_value_change', named(null, 'incident.custom_field_values.updated', 'incident_field_values')],
  ['priority_change', named(null, 'incident.priority_updated')],
  ['responder_request', named(null, 'incident.responder.added', 'incident_responder')],
  ['status_update', named(null, 'incident.status_update_published', 'incident_status_update')],
  ['reassign', named('incident.assign', 'incident.reassigned')],
  ['link', none],
  ['unlink', none],
  ['event_rule_action', none],
]);

/**
 * The event of an entry. If PagerDuty has no such event, and for every unknown type, the name is generic,
 * `incident.<type>`, so that no entry is lost and none is mistaken for an event that PagerDuty defines. A trigger entry
 * of an incident that is already open becomes `incident.trigger_repeated`.
 */
export function eventNames(entry: LogEntry): EventNames {
  const kind = kindOf(entry.type);
  if (kind === 'trigger' && isRepeatedTrigger(entry)) return generic('trigger_repeated');
  const official = EVENTS_BY_KIND.get(kind) ?? none;
  const fallback = generic(kind);
  return { v2: official.v2 ?? fallback.v2, v3: official.v3 ?? fallback.v3, data: official.data };
}

/** A trigger entry opens its incident only if it is the incident's first; later ones are repeats of an open alert. */
export function isRepeatedTrigger(entry: LogEntry): boolean {
  if (kindOf(entry.type) !== 'trigger') return false;
  const first = textOf(objectOf(objectOf(entry.fields.incident)?.first_trigger_log_entry)?.id);
  return first !== null && first !== entry.id;
}

function kindOf(type: string): string {
  const kind = type.replace(/_log_entry$/, '');
  return /^[a-z0-9_]{1,64}$/.test(kind) ? kind : 'log_entry';
}

function generic(kind: string): EventNames {
  return { v2: `incident.${kind}`, v3: `incident.${kind}`, data: 'incident' };
}
