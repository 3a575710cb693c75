import { type Random, SYSTEM_RANDOM, uuid } from '@pdaltagent/clock';
import { applyEdits, readEvent, type EventDocument, type EventObject } from './json-document';
import { EVENT_ACTIONS } from './event';
import type { ApiType, EventType } from './event-type';
import { characterCount, MAXIMUM_DEDUP_KEY_CHARACTERS } from './limits';
import { FIELD_NAMES, type ReadName } from './field-names';

/** The routing key in an event's body; undefined if there is none. */
export function routingKeyOf(type: ApiType, value: EventObject): string | undefined {
  return textAt(value, FIELD_NAMES[type].routingKey);
}

/** The dedup key (v1: incident key) in an event's body; undefined if there is none. */
export function dedupKeyOf(type: ApiType, value: EventObject): string | undefined {
  const { dedupKey } = FIELD_NAMES[type];
  return dedupKey === undefined ? undefined : textAt(value, dedupKey);
}

/** A dedup key as PagerDuty generates them: a v4 UUID without dashes, 32 lower-case hex digits. */
export function generateDedupKey(random: Random = SYSTEM_RANDOM): string {
  return uuid(random).replaceAll('-', '');
}

/**
 * Events with the same order key are delivered in order. Routing keys contain no colon, so no two pairs have the same order key.
 * - an alert: routing key and dedup key
 * - a vendor body whose alert cannot be read: the routing key alone
 * - a change event: its id, because change events have no order
 */
export function orderKeyOf(event: {
  readonly type: EventType;
  readonly id: string;
  readonly routingKey: string;
  readonly dedupKey?: string | undefined;
}): string {
  if (event.type === 'change' || event.type === 'integration-change') return event.id;
  return event.dedupKey === undefined ? event.routingKey : `${event.routingKey}:${event.dedupKey}`;
}

/**
 * An event in the v2 format in a vendor's body, which an orchestration (`x-ere`) accepts as well; undefined if it is in another
 * format, or sent to somebody else.
 */
export function vendorEventIn(type: EventType, body: Buffer): EventObject | undefined {
  if (type !== 'x-ere') return undefined;
  const result = readEvent(body);
  if (!result.ok) return undefined;
  const { value } = result.document;
  return EVENT_ACTIONS.some((action) => action === value['event_action']) ? value : undefined;
}

/**
 * The dedup key of a vendor's event, if it can be read: the one that an integration's transformer derives from a body is known only
 * to PagerDuty.
 */
export function vendorDedupKeyOf(value: EventObject | undefined): string | undefined {
  const dedupKey = value === undefined ? undefined : textAt(value, 'dedup_key');
  // PagerDuty accepts no longer keys, and they might not fit into a message's headers.
  return dedupKey === undefined || characterCount(dedupKey) > MAXIMUM_DEDUP_KEY_CHARACTERS ? undefined : dedupKey;
}

/**
 * Inserts a dedup key into the event's bytes and leaves everything else byte for byte: after the opening brace, or in place of
 * the null or blank key that the sender gave.
 */
export function withDedupKey(type: ApiType, document: EventDocument, dedupKey: string): Buffer {
  const name = FIELD_NAMES[type].dedupKey;
  if (name === undefined) return document.bytes;
  const { contentStart, members, isEmpty } = document.outline;
  const text = JSON.stringify(dedupKey);
  // At most one: an event that repeats it is refused.
  const given = members.find((member) => member.name === name);
  if (given !== undefined) return applyEdits(document.bytes, [{ start: given.valueStart, end: given.valueEnd, text }]);
  const comma = isEmpty ? '' : ',';
  return applyEdits(document.bytes, [
    { start: contentStart, end: contentStart, text: `${JSON.stringify(name)}:${text}${comma}` },
  ]);
}

function textAt(value: EventObject, name: ReadName): string | undefined {
  const found = value[name];
  return typeof found === 'string' && found.trim() !== '' ? found : undefined;
}
