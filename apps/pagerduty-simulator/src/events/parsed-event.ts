import { type IncomingHttpHeaders } from 'node:http';
import { isObject, type JsonObject, parseJson, textOf } from './json';
import { type EventRoute } from './routes';
import { vendorReading } from './vendor';

/** What an event's bytes say, before anything is judged. A member that cannot be read is null. */
export interface Reading {
  readonly routingKey: string | null;
  readonly dedupKey: string | null;
  readonly action: string | null;
  readonly title: string | null;
  readonly severity: string | null;
  readonly details: unknown;
  /** The body as JSON; undefined where it is no JSON. */
  readonly document: unknown;
}

/** Reads whatever arrived on an events path. */
export function readEvent(route: EventRoute, headers: IncomingHttpHeaders, bytes: Buffer): Reading {
  const document = parseJson(bytes);
  const event = isObject(document) ? document : {};
  switch (route.api) {
    case 'v2':
      return v2Reading(event, document, headers);
    case 'change':
      return { ...v2Reading(event, document, headers), action: 'change', dedupKey: null };
    case 'v1':
      return v1Reading(event, document);
    case 'integration':
    case 'x-ere':
      return { ...vendorReading(event), routingKey: route.pathKey ?? null, document };
    case 'integration-change':
      return { ...vendorReading(event), action: 'change', dedupKey: null, routingKey: route.pathKey ?? null, document };
  }
}

/** Kibana sends no routing_key in the body, only the header X-Routing-Key. */
function v2Reading(event: JsonObject, document: unknown, headers: IncomingHttpHeaders): Reading {
  const payload = isObject(event.payload) ? event.payload : {};
  return {
    routingKey: textOf(event.routing_key) ?? textOf(headers['x-routing-key']),
    dedupKey: textOf(event.dedup_key),
    action: textOf(event.event_action),
    title: textOf(payload.summary),
    severity: textOf(payload.severity),
    details: payload.custom_details ?? null,
    document,
  };
}

function v1Reading(event: JsonObject, document: unknown): Reading {
  return {
    routingKey: textOf(event.service_key),
    dedupKey: textOf(event.incident_key),
    action: textOf(event.event_type),
    title: textOf(event.description),
    severity: null,
    details: event.details ?? null,
    document,
  };
}
