import { type FieldPolicy } from './field-policy';

/** Members whose values belong to PagerDuty's protocol: receivers act on them. */
const PROTOCOL_NAMES = new Set([
  'id',
  'type',
  'event',
  'event_type',
  'event_action',
  'resource_type',
  'status',
  'state',
  'urgency',
  'severity',
  'privilege',
  'alert_creation',
  'time_zone',
  'resolve_reason',
  'at',
]);
const KEY_NAMES = new Set(['dedup_key', 'incident_key', 'alert_key']);
const URL_NAMES = new Set(['href', 'src', 'self']);
const INSTANT = /(?:_at|_on|_time|_timestamp)$/;
/** Names of machines and components in an event's details as stored by PagerDuty (`cef_details`). */
const TECHNICAL_NAMES = new Set([
  'source',
  'component',
  'group',
  'class',
  'client',
  'source_origin',
  'source_component',
  'source_location',
  'service_group',
  'event_class',
  'reporter_component',
  'reporter_location',
]);
/** Members whose contents come from the event's sender: names below them are not PagerDuty's. */
const DETAILS = new Set(['details', 'custom_details', 'event_details', 'custom_fields', 'metadata']);

/**
 * The policy for the string at a path of a webhook, v2 or v3, or of a log entry of the REST API.
 * Ids, protocol values and times are kept. Incident and alert keys are treated like dedup keys.
 */
export function webhookPolicyOf(path: readonly (string | number)[]): FieldPolicy {
  // The part of a v2 message that the operator configured: endpoint and PDAGENTD_WEBHOOK_CONFIG_JSON.
  if (path[0] === 'messages' && path[2] === 'webhook' && path[3] !== 'webhook_object') return 'protected';
  if (path.slice(0, -1).some((member) => DETAILS.has(String(member)))) return 'text';
  const name = String(path.at(-1));
  if (PROTOCOL_NAMES.has(name) || INSTANT.test(name)) return 'protected';
  if (KEY_NAMES.has(name)) return 'dedup';
  if (URL_NAMES.has(name) || name.endsWith('url')) return 'url';
  return TECHNICAL_NAMES.has(name) ? 'precise' : 'text';
}
