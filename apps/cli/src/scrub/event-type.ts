const CONTROLS = ['routing_key', 'event_action', 'service_key', 'event_type'];

/** What a body is to the scrubber: an event of PagerDuty's APIs by the members that control one, or a vendor's. */
export function bodyTypeOf(bytes: Buffer): 'v2' | 'integration' {
  try {
    const value: unknown = JSON.parse(bytes.toString());
    const isEvent = typeof value === 'object' && value !== null && CONTROLS.some((name) => name in value);
    return isEvent ? 'v2' : 'integration';
  } catch {
    return 'integration';
  }
}
