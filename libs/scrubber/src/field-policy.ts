/**
 * What may be done to a string, by its place in an event:
 * protected: never changed; dedup: pseudonyms only; precise: only what is certain; url: user info, query and fragment; text: everything.
 */
export type FieldPolicy = 'protected' | 'dedup' | 'precise' | 'url' | 'text';

/** Members at the top of an event that control it. */
export const PROTECTED_NAMES: ReadonlySet<string> = new Set([
  'routing_key',
  'service_key',
  'event_action',
  'event_type',
  'severity',
  'timestamp',
]);
const DEDUP_NAMES = new Set(['dedup_key', 'incident_key']);
/** Host names and the like, which detectors for prose would misread. */
const TECHNICAL_NAMES = new Set(['source', 'component', 'group', 'class']);
const LISTS_WITH_URLS = new Set(['links', 'images', 'contexts']);
const URL_NAMES = new Set(['href', 'src']);

/** Members of Amazon SNS's envelope that a receiver checks or follows (they hold signatures and host names, and no prose). */
const ENVELOPE_NAMES = new Set([
  'Signature',
  'SigningCertURL',
  'UnsubscribeURL',
  'SubscribeURL',
  'TopicArn',
  'MessageId',
  'SignatureVersion',
]);

/** The policy of the string at a path of an event of either API, or of a vendor's body, which is treated alike. */
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

/** Strings that responders read first; the budget goes to them before the rest. */
export function isHighPriority(path: readonly (string | number)[]): boolean {
  const name = path.at(-1);
  return path.length <= 2 && (name === 'summary' || name === 'description' || DEDUP_NAMES.has(String(name)));
}

/** Names that say nothing: the name above them is the better context. */
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

/** The object key above a string as context: the nearest name, with the one above it where the nearest says nothing. */
export function keyOf(path: readonly (string | number)[]): string {
  const names = path.filter((member) => typeof member === 'string');
  const name = names.at(-1) ?? '';
  return GENERIC_NAMES.has(name.toLowerCase()) && names.length > 1 ? `${names.at(-2) ?? ''} ${name}` : name;
}
