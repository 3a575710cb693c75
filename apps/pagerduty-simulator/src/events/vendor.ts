import { isObject, type JsonObject, parseJson, textOf } from './json';

/** The event that a transformer would produce from a vendor's body. */
export interface ParsedVendorEvent {
  readonly dedupKey: string | null;
  readonly action: string | null;
  readonly title: string | null;
  readonly severity: string | null;
  readonly details: unknown;
}

/**
 * Stands in for PagerDuty's transformers: a body in the form of v2 or v1 means what it means there, an Amazon CloudWatch
 * alarm opens and resolves one alert, identified by the alarm's name, and everything else opens a new alert.
 */
export function parseVendorEvent(event: JsonObject): ParsedVendorEvent {
  if (textOf(event.event_action) !== null) {
    const payload = isObject(event.payload) ? event.payload : {};
    return reading(event.event_action, event.dedup_key, payload.summary, payload.severity, payload.custom_details);
  }
  if (textOf(event.event_type) !== null && (textOf(event.incident_key) ?? textOf(event.description)) !== null) {
    return reading(event.event_type, event.incident_key, event.description, null, event.details);
  }
  if (event.Type === 'SubscriptionConfirmation') return reading(null, null, null, null, null);
  const alarm = typeof event.Message === 'string' ? parseJson(event.Message) : undefined;
  if (isObject(alarm) && textOf(alarm.AlarmName) !== null) {
    const action = alarm.NewStateValue === 'OK' ? 'resolve' : 'trigger';
    return reading(action, alarm.AlarmName, alarm.AlarmName, null, alarm);
  }
  const title = event.title ?? event.Subject ?? event.search_name ?? event.summary ?? event.message;
  return reading('trigger', null, title ?? 'Event of an integration', null, event);
}

function reading(
  action: unknown,
  dedupKey: unknown,
  title: unknown,
  severity: unknown,
  details: unknown,
): ParsedVendorEvent {
  return {
    action: textOf(action),
    dedupKey: textOf(dedupKey),
    title: textOf(title),
    severity: textOf(severity),
    details: details ?? null,
  };
}
