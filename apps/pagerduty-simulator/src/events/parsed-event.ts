import { type IncomingHttpHeaders } from 'node:http';
import { isObject, type JsonObject, parseJson, textOf } from './json';
import { type EventRoute } from './routes';
import { parseNagiosForm } from './nagios-form';
import { parseVendorEvent } from './vendor';

/** An event before validation. Members that are missing or invalid are null. */
export interface ParsedEvent {
  readonly routingKey: string | null;
  readonly dedupKey: string | null;
  readonly action: string | null;
  readonly title: string | null;
  readonly severity: string | null;
  readonly details: unknown;
  /** The body as JSON; undefined if it is not JSON. */
  readonly document: unknown;
}

/** Parses a request to an events path. */
export function parseEvent(route: EventRoute, headers: IncomingHttpHeaders, bytes: Buffer): ParsedEvent {
  const document = parseJson(bytes);
  const event = isObject(document) ? document : {};
  switch (route.api) {
    case 'v2':
      return parseV2(event, document, headers);
    case 'change':
      return { ...parseV2(event, document, headers), action: 'change', dedupKey: null };
    case 'v1':
      return parseV1(event, document);
    case 'integration':
    case 'adapter':
    case 'x-ere':
      return { ...parseVendorEvent(event), routingKey: route.pathKey ?? null, document };
    case 'nagios':
      return { ...parseNagiosForm(bytes), document };
    case 'integration-change':
      return {
        ...parseVendorEvent(event),
        action: 'change',
        dedupKey: null,
        routingKey: route.pathKey ?? null,
        document,
      };
  }
}

/** Kibana sends the routing key in the header X-Routing-Key instead of in the body. */
function parseV2(event: JsonObject, document: unknown, headers: IncomingHttpHeaders): ParsedEvent {
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

function parseV1(event: JsonObject, document: unknown): ParsedEvent {
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
