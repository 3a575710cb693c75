import { type FieldPolicy } from './field-policy';

/** Members whose words belong to PagerDuty's protocol: whoever receives the webhook decides by them. */
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
/** Names of machines and of parts of them, in an event's details as PagerDuty keeps them (`cef_details`). */
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
/** Members below which everything comes from whoever sent the event: no name there is PagerDuty's. */
const DETAILS = new Set(['details', 'custom_details', 'event_details', 'custom_fields', 'metadata']);

/**
 * The policy of the string at a path of a webhook, v2 or v3, or of a log entry of the REST API.
 * Ids, words of the protocol and instants stay; keys of incidents and alerts keep their structure as dedup keys do.
 */
export function webhookPolicyOf(path: readonly (string | number)[]): FieldPolicy {
  // The operator's own part of a v2 message: where it goes, and PDAGENTD_WEBHOOK_CONFIG_JSON.
  if (path[0] === 'messages' && path[2] === 'webhook' && path[3] !== 'webhook_object') return 'protected';
  if (path.slice(0, -1).some((member) => DETAILS.has(String(member)))) return 'text';
  const name = String(path.at(-1));
  if (PROTOCOL_NAMES.has(name) || INSTANT.test(name)) return 'protected';
  if (KEY_NAMES.has(name)) return 'dedup';
  if (URL_NAMES.has(name) || name.endsWith('url')) return 'url';
  return TECHNICAL_NAMES.has(name) ? 'precise' : 'text';
}
