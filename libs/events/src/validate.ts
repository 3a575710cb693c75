import { EVENT_ACTIONS, type Severity } from './event';
import type { ApiType } from './event-type';
import { FIELD_NAMES } from './field-names';
import { isEventObject, type EventDocument, type EventObject } from './json-document';
import {
  characterCount,
  MAXIMUM_DEDUP_KEY_CHARACTERS,
  MAXIMUM_SUMMARY_CHARACTERS,
  ROUTING_KEY_CHARACTERS,
} from './limits';

/** In the order of PagerDuty's own message. */
const SEVERITIES_AS_LISTED: readonly Severity[] = ['critical', 'warning', 'error', 'info'];

/**
 * All errors of an event, worded as PagerDuty does where its wording is known; empty if it is valid.
 * Only documented rules are enforced: anything that PagerDuty's docs leave open is left to PagerDuty.
 * @param headerKey the routing key of an X-Routing-Key header, which is used if the body has none
 */
export function validate(type: ApiType, document: EventDocument, headerKey?: string): readonly string[] {
  const errors = duplicateFieldErrors(type, document);
  switch (type) {
    case 'v2':
      return [...errors, ...alertErrors(document.value, headerKey)];
    case 'change':
      return [...errors, ...changeErrors(document.value, headerKey)];
    case 'v1':
      return [...errors, ...legacyErrors(document.value)];
  }
}

/** The errors of a routing key from a body, an X-Routing-Key header or a vendor's path; `name`: its field in the body. */
export function routingKeyErrors(key: unknown, name = 'routing_key'): readonly string[] {
  if (isBlank(key)) return [missingOrBlank(name)];
  if (typeof key !== 'string') return [notString(name)];
  return [
    ...(key.length === ROUTING_KEY_CHARACTERS
      ? []
      : [`Length of '${name}' is incorrect (should be ${ROUTING_KEY_CHARACTERS} characters)`]),
    ...(isAlphanumeric(key) ? [] : [`'${name}' cannot contain non-alphanumeric characters.`]),
  ];
}

function alertErrors(event: EventObject, headerKey: string | undefined): readonly string[] {
  const action = event['event_action'];
  const isTrigger = action === 'trigger';
  return [
    ...routingKeyErrors(isBlank(event['routing_key']) ? headerKey : event['routing_key']),
    ...choiceErrors('event_action', action, EVENT_ACTIONS),
    ...dedupKeyErrors("'dedup_key'", event['dedup_key'], action === 'acknowledge' || action === 'resolve'),
    ...(isTrigger ? payloadErrors(event['payload'], true) : lengthErrors(event['payload'])),
  ];
}

function changeErrors(event: EventObject, headerKey: string | undefined): readonly string[] {
  return [
    ...routingKeyErrors(isBlank(event['routing_key']) ? headerKey : event['routing_key']),
    ...payloadErrors(event['payload'], false),
  ];
}

function payloadErrors(payload: unknown, isAlert: boolean): readonly string[] {
  if (isBlank(payload)) return [missingOrBlank('payload')];
  if (!isEventObject(payload)) return ["'payload' is not an object"];
  return [
    ...requiredText('payload.summary', payload['summary']),
    ...lengthErrors(payload),
    ...(isAlert ? requiredText('payload.source', payload['source']) : []),
    ...(isAlert ? choiceErrors('payload.severity', payload['severity'], SEVERITIES_AS_LISTED) : []),
  ];
}

function lengthErrors(payload: unknown): readonly string[] {
  const summary = isEventObject(payload) ? payload['summary'] : undefined;
  return isLongerThan(MAXIMUM_SUMMARY_CHARACTERS, summary) ? [tooLong("'summary'", MAXIMUM_SUMMARY_CHARACTERS)] : [];
}

function legacyErrors(event: EventObject): readonly string[] {
  const type = event['event_type'];
  const description = event['description'];
  const isUpdate = type === 'acknowledge' || type === 'resolve';
  return [
    ...serviceKeyErrors(event['service_key']),
    ...legacyTypeErrors(type),
    ...dedupKeyErrors('Incident key', event['incident_key'], isUpdate),
    ...(type !== 'trigger' || !isBlank(description) ? [] : ['Description is missing or blank']),
    ...(isUpdate || isBlank(description) || typeof description === 'string' ? [] : ['Description is not a string']),
    ...(isLongerThan(MAXIMUM_SUMMARY_CHARACTERS, description)
      ? [tooLong('Description', MAXIMUM_SUMMARY_CHARACTERS)]
      : []),
  ];
}

function serviceKeyErrors(key: unknown): readonly string[] {
  if (isBlank(key)) return ["Service key can't be blank"];
  if (typeof key !== 'string') return ['Service key is not a string'];
  return [
    ...(key.length === ROUTING_KEY_CHARACTERS
      ? []
      : [`Service key is the wrong length (should be ${ROUTING_KEY_CHARACTERS} characters)`]),
    ...(isAlphanumeric(key) ? [] : ['Service key cannot contain non-alphanumeric characters.']),
  ];
}

function dedupKeyErrors(name: string, key: unknown, isRequired: boolean): readonly string[] {
  if (isBlank(key)) return isRequired ? [`${name} is missing or blank`] : [];
  if (typeof key !== 'string') return [`${name} is not a string`];
  return isLongerThan(MAXIMUM_DEDUP_KEY_CHARACTERS, key) ? [tooLong(name, MAXIMUM_DEDUP_KEY_CHARACTERS)] : [];
}

/** We must read the same values as PagerDuty: given two routing keys, it might use the other one. */
function duplicateFieldErrors(type: ApiType, { outline }: EventDocument): readonly string[] {
  const { routingKey, action, dedupKey, parent } = FIELD_NAMES[type];
  return [routingKey, action, dedupKey, parent]
    .filter((name) => outline.members.filter((member) => member.name === name).length > 1)
    .map((name) => `'${name}' is given more than once`);
}

function requiredText(name: string, value: unknown): readonly string[] {
  if (isBlank(value)) return [missingOrBlank(name)];
  return typeof value === 'string' ? [] : [notString(name)];
}

/** Worded as v2 does, because people search for it: `(must be one of the following: 'critical', … or 'info')`. */
function choiceErrors(name: string, value: unknown, choices: readonly string[]): readonly string[] {
  if (isBlank(value)) return [missingOrBlank(name)];
  if (choices.some((choice) => choice === value)) return [];
  const quoted = choices.map((choice) => `'${choice}'`);
  return [
    `'${name}' is invalid (must be one of the following: ${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1) ?? ''})`,
  ];
}

/** Worded as v1 does (PagerDuty, Events API v1 "API response codes"). */
function legacyTypeErrors(type: unknown): readonly string[] {
  if (isBlank(type)) return [missingOrBlank('event_type')];
  if (EVENT_ACTIONS.some((action) => action === type)) return [];
  return [`event_type is invalid (must be one of: ${EVENT_ACTIONS.join(' ')})`];
}

function isBlank(value: unknown): boolean {
  return value === undefined || value === null || (typeof value === 'string' && value.trim() === '');
}

function isAlphanumeric(text: string): boolean {
  return /^[A-Za-z0-9]*$/.test(text);
}

function isLongerThan(maximum: number, value: unknown): boolean {
  return typeof value === 'string' && value.length > maximum && characterCount(value) > maximum;
}

function missingOrBlank(name: string): string {
  return `'${name}' is missing or blank`;
}

function notString(name: string): string {
  return `'${name}' is not a string`;
}

function tooLong(name: string, maximum: number): string {
  return `${name} is too long (maximum is ${maximum} characters)`;
}
