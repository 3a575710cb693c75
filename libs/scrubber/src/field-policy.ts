/**
 * How a string may be changed, by its place in an event:
 * protected: not at all; dedup: pseudonyms only; precise: only certain values; url: user info, query and fragment; text: everything.
 */
export type FieldPolicy = 'protected' | 'dedup' | 'precise' | 'url' | 'text';

/** Top-level members that control an event. */
export const PROTECTED_NAMES: ReadonlySet<string> = new Set([
  'routing_key',
  'service_key',
  'event_action',
  'event_type',
  'severity',
  'timestamp',
]);
const DEDUP_NAMES = new Set(['dedup_key', 'incident_key']);
/** Host names and similar values, which detectors for prose would misread. */
const TECHNICAL_NAMES = new Set(['source', 'component', 'group', 'class']);
const LISTS_WITH_URLS = new Set(['links', 'images', 'contexts']);
const URL_NAMES = new Set(['href', 'src']);

/** Members of Amazon SNS's envelope that the receiver needs unchanged. They contain no prose. */
const ENVELOPE_NAMES = new Set([
  'Signature',
  'SigningCertURL',
  'UnsubscribeURL',
  'SubscribeURL',
  'TopicArn',
  'MessageId',
  'SignatureVersion',
]);

/** The policy for the string at a path of an event, of either API, or of a vendor's body. */
export function policyOf(path: readonly (string | number)[]): FieldPolicy {
  const [first = '', second = '', third = ''] = path;
  if (path.length === 1) {
    if (PROTECTED_NAMES.has(String(first)) || ENVELOPE_NAMES.has(String(first))) return 'protected';
    if (DEDUP_NAMES.has(String(first))) return 'dedup';
    if (first === 'client_url') return 'url';
    return first === 'client' || TECHNICAL_NAMES.has(String(first)) ? 'precise' : 'text';
  }
  if (first === 'payload' && path.length === 2) {
    if (second === 'severity' || second === 'timestamp') return 'protected';
    return TECHNICAL_NAMES.has(String(second)) ? 'precise' : 'text';
  }
  if (LISTS_WITH_URLS.has(String(first)) && path.length === 3) {
    if (first === 'contexts' && third === 'type') return 'protected';
    return URL_NAMES.has(String(third)) ? 'url' : 'text';
  }
  return 'text';
}

/** Fields of Nagios's form that control the event. */
const NAGIOS_PROTECTED = new Set(['CONTACTPAGER', 'NOTIFICATIONTYPE', 'HOSTSTATE', 'SERVICESTATE', 'pd_nagios_object']);
/** PagerDuty identifies an alert of Nagios by them. */
const NAGIOS_IDENTITY = new Set(['HOSTNAME', 'SERVICEDESC']);

/** The policy for a field of the form of PagerDuty's first plug-in for Nagios (PagerDuty/pagerduty-nagios-pl). */
export function nagiosPolicyOf(path: readonly (string | number)[]): FieldPolicy {
  const name = path.length === 1 ? String(path[0]) : '';
  if (NAGIOS_PROTECTED.has(name)) return 'protected';
  return NAGIOS_IDENTITY.has(name) ? 'dedup' : 'text';
}

/** Whether responders read a string first, so that it is scanned before the rest. */
export function isHighPriority(path: readonly (string | number)[]): boolean {
  const name = path.at(-1);
  return path.length <= 2 && (name === 'summary' || name === 'description' || DEDUP_NAMES.has(String(name)));
}

/** Generic names, for which the name above them is the better context. */
const GENERIC_NAMES = new Set([
  'number',
  'no',
  'value',
  'val',
  'id',
  'text',
  'raw',
  'data',
  'primary',
  'work',
  'home',
  'default',
]);

/** The object key of a string, as context: the nearest name, preceded by the next one if it is generic. */
export function keyOf(path: readonly (string | number)[]): string {
  const names = path.filter((member) => typeof member === 'string');
  const name = names.at(-1) ?? '';
  return GENERIC_NAMES.has(name.toLowerCase()) && names.length > 1 ? `${names.at(-2) ?? ''} ${name}` : name;
}
