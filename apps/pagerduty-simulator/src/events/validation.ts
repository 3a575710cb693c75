import { isObject, type JsonObject, textOf } from './json';
import { optionalErrors } from './optional-members';
import { type ParsedEvent } from './parsed-event';
import { type Api } from './routes';

/** PagerDuty's limit on an event, in bytes (Events API documentation, "Size Limits": 512 KB). */
export const EVENT_LIMIT_BYTES = 512 * 1024;

export const ACTIONS = ['trigger', 'acknowledge', 'resolve'] as const;
export type Action = (typeof ACTIONS)[number];

const SEVERITIES = new Set(['critical', 'error', 'warning', 'info']);
const ALPHANUMERIC = /^[A-Za-z0-9]*$/;

export type ValidationResult =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'unrecognized' }
  | { readonly kind: 'invalid'; readonly errors: readonly string[] };

/** Validates an event as PagerDuty does; the README lists which messages are PagerDuty's and which are assumed. */
export function validate(api: Api, parsed: ParsedEvent): ValidationResult {
  if (api !== 'v2' && api !== 'change' && api !== 'v1') {
    return validationResult(routingKeyErrors(parsed.routingKey));
  }
  if (!isObject(parsed.document)) return { kind: 'unrecognized' };
  return validationResult([...requiredErrors(api, parsed, parsed.document), ...optionalErrors(api, parsed.document)]);
}

function requiredErrors(api: 'v1' | 'change' | 'v2', parsed: ParsedEvent, event: JsonObject): readonly string[] {
  if (api === 'v1') return v1Errors(parsed, event);
  return api === 'change' ? changeErrors(parsed, event) : v2Errors(parsed, event);
}

function validationResult(errors: readonly string[]): ValidationResult {
  return errors.length === 0 ? { kind: 'accepted' } : { kind: 'invalid', errors };
}

const missing = (name: string): string => `'${name}' is missing or blank`;

function routingKeyErrors(key: string | null): string[] {
  if (key === null) return [missing('routing_key')];
  return [
    ...(key.length === 32 ? [] : [`Length of 'routing_key' is incorrect (should be 32 characters)`]),
    ...(ALPHANUMERIC.test(key) ? [] : [`'routing_key' cannot contain non-alphanumeric characters.`]),
  ];
}

function v2Errors(parsed: ParsedEvent, event: JsonObject): string[] {
  const errors = routingKeyErrors(parsed.routingKey);
  if (parsed.action === null) errors.push(missing('event_action'));
  else if (!isAction(parsed.action)) {
    errors.push(`'event_action' is invalid (must be one of the following: 'trigger', 'acknowledge' or 'resolve')`);
  }
  const isUpdate = isAction(parsed.action) && parsed.action !== 'trigger';
  if (parsed.action === 'trigger') errors.push(...payloadErrors(event, true));
  else if (![undefined, null, ''].some((none) => none === event.payload)) errors.push(...updateErrors(event.payload));
  return [
    ...errors,
    ...textErrors(`'dedup_key'`, event.dedup_key, isUpdate),
    ...lengthErrors(`'dedup_key'`, event.dedup_key, 255),
  ];
}

function changeErrors(parsed: ParsedEvent, event: JsonObject): string[] {
  return [...routingKeyErrors(parsed.routingKey), ...payloadErrors(event, false)];
}

function payloadErrors({ payload }: JsonObject, alert: boolean): string[] {
  if (!isObject(payload)) return [isBlank(payload) ? missing('payload') : `'payload' is not an object`];
  const errors = [
    ...textErrors(`'payload.summary'`, payload.summary, true),
    ...lengthErrors(`'summary'`, payload.summary, 1024),
  ];
  if (!alert) return errors;
  errors.push(...textErrors(`'payload.source'`, payload.source, true));
  const severity = textOf(payload.severity);
  if (severity === null) errors.push(missing('payload.severity'));
  else if (!SEVERITIES.has(severity)) {
    errors.push(
      `'payload.severity' is invalid (must be one of the following: 'critical', 'warning', 'error' or 'info')`,
    );
  }
  return errors;
}

/** The payload of an acknowledge or a resolve is optional. */
function updateErrors(payload: unknown): string[] {
  return isObject(payload) ? lengthErrors(`'summary'`, payload.summary, 1024) : [`'payload' is not an object`];
}

function v1Errors({ routingKey, action }: ParsedEvent, event: JsonObject): string[] {
  const errors: string[] = [];
  if (routingKey === null) errors.push(`Service key can't be blank`);
  else if (routingKey.length !== 32) errors.push('Service key is the wrong length (should be 32 characters)');
  else if (!ALPHANUMERIC.test(routingKey)) errors.push('Service key cannot contain non-alphanumeric characters');
  if (action === null) errors.push(missing('event_type'));
  else if (!isAction(action)) errors.push('event_type is invalid (must be one of: trigger acknowledge resolve)');
  const isUpdate = action === 'acknowledge' || action === 'resolve';
  return [
    ...errors,
    ...textErrors('Description', event.description, action === 'trigger'),
    ...lengthErrors('Description', event.description, 1024),
    ...textErrors('Incident key', event.incident_key, isUpdate),
    ...lengthErrors('Incident key', event.incident_key, 255),
  ];
}

/** The documentation calls them strings; whether PagerDuty accepts numbers in their place is not known. */
function textErrors(name: string, value: unknown, isRequired: boolean): string[] {
  if (isBlank(value)) return isRequired ? [`${name} is missing or blank`] : [];
  return typeof value === 'string' ? [] : [`${name} is not a string`];
}

/** Counted in code points. */
function lengthErrors(name: string, value: unknown, maximum: number): string[] {
  const isTooLong = typeof value === 'string' && value.length > maximum && [...value].length > maximum;
  return isTooLong ? [`${name} is too long (maximum is ${maximum} characters)`] : [];
}

function isBlank(value: unknown): boolean {
  return value === undefined || value === null || (typeof value === 'string' && value.trim() === '');
}

function isAction(action: string | null): action is Action {
  return ACTIONS.some((known) => known === action);
}
