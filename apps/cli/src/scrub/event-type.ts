const CONTROLS = ['routing_key', 'event_action', 'service_key', 'event_type'];

/** How the scrubber treats a body: as an event of PagerDuty's APIs if it has one of their control members, otherwise as a vendor's. */
export function bodyTypeOf(bytes: Buffer): 'v2' | 'integration' {
  try {
    const value: unknown = JSON.parse(bytes.toString());
    const isEvent = typeof value === 'object' && value !== null && CONTROLS.some((name) => name in value);
    return isEvent ? 'v2' : 'integration';
  } catch {
    return 'integration';
  }
}
