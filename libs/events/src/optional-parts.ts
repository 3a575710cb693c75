import type { ApiType } from './event-type';
import { isEventObject, type EventDocument, type EventObject } from './json-document';
import { type ReadName } from './field-names';
import { type JsonPath, without } from './json-removal';
import { isTimestamp } from './timestamp';

/** An invalid optional part of an event, because of which PagerDuty would reject the whole event. */
export interface InvalidPart {
  /** What is removed so that the rest can be accepted: a member, or one entry of a list. */
  readonly path: JsonPath;
  /** The field that is invalid, for example `images.src`: a closed list. */
  readonly kind: string;
  /** The error, worded as PagerDuty does where its wording is known. */
  readonly error: string;
}

/**
 * A list with more invalid entries is removed completely, so that a sender cannot exhaust the memory. An entry counts once,
 * however many of its members are invalid.
 */
const MAXIMUM_INVALID_ENTRIES = 20;

/**
 * The optional parts of an event that do not match the documentation (PagerDuty, Events API v2 "Send an alert event",
 * "Send a change event"; v1 "Trigger events"). null counts as missing, and `custom_details` may be anything: real
 * clients send strings and lists, and PagerDuty shows them.
 */
export function invalidParts(type: ApiType, value: EventObject): readonly InvalidPart[] {
  switch (type) {
    case 'v2':
      return [
        ...invalidTexts(value, [], ['client', 'client_url']),
        ...invalidPayload(value),
        ...invalidList(value, 'images', imageEntry),
        ...invalidList(value, 'links', linkEntry),
      ];
    case 'change':
      return [
        ...invalidMembers(value['payload'], ['source']),
        ...invalidList(value, 'images', imageEntry),
        ...invalidList(value, 'links', linkEntry),
      ];
    case 'v1':
      return [
        ...invalidDescription(value),
        ...invalidTexts(value, [], ['client', 'client_url']),
        ...invalidList(value, 'contexts', contextEntry),
      ];
  }
}

/** Removes the invalid optional parts of an event; all other bytes are unchanged. */
export function withoutInvalidParts(
  type: ApiType,
  document: EventDocument,
): { readonly document: EventDocument; readonly removed: readonly InvalidPart[] } {
  const removed = invalidParts(type, document.value);
  if (removed.length === 0) return { document, removed };
  return {
    document: without(
      document,
      removed.map(({ path }) => path),
    ),
    removed,
  };
}

/** The payload of an acknowledge or a resolve is optional as a whole. */
function invalidPayload({ payload, event_action: action }: EventObject): readonly InvalidPart[] {
  if (isUpdate(action) && !isNone(payload) && !isEventObject(payload) && payload !== '') {
    return [part(['payload'], 'payload', "'payload' is not an object")];
  }
  return invalidMembers(payload, ['component', 'group', 'class']);
}

/** The description of an acknowledge or a resolve is optional. */
function invalidDescription({ description, event_type: action }: EventObject): readonly InvalidPart[] {
  if (!isUpdate(action) || isNone(description) || typeof description === 'string') return [];
  return [part(['description'], 'description', 'Description is not a string')];
}

function invalidMembers(payload: unknown, texts: readonly ReadName[]): readonly InvalidPart[] {
  if (!isEventObject(payload)) return [];
  const { timestamp } = payload;
  const isInvalid = !isNone(timestamp) && !(typeof timestamp === 'string' && isTimestamp(timestamp));
  return [
    ...invalidTexts(payload, ['payload'], texts),
    ...(isInvalid
      ? [
          part(
            ['payload', 'timestamp'],
            'payload.timestamp',
            "'payload.timestamp' is invalid (must be a date and time in a format that PagerDuty documents, such as 2026-05-31T09:10:11Z)",
          ),
        ]
      : []),
  ];
}

function invalidTexts(holder: EventObject, path: JsonPath, names: readonly ReadName[]): InvalidPart[] {
  return names
    .filter((name) => !isNone(holder[name]) && typeof holder[name] !== 'string')
    .map((name) => {
      const kind = [...path.filter((step) => typeof step === 'string'), name].join('.');
      return part([...path, name], kind, `'${nameOf([...path, name])}' is not a string`);
    });
}

type EntryCheck = (entry: EventObject, path: JsonPath) => readonly InvalidPart[];

const imageEntry: EntryCheck = (entry, path) =>
  required(entry, path, 'src') ?? invalidTexts(entry, path, ['href', 'alt']);
const linkEntry: EntryCheck = (entry, path) => required(entry, path, 'href') ?? invalidTexts(entry, path, ['text']);
const contextEntry: EntryCheck = (entry, path) => {
  if (entry['type'] === 'image') return imageEntry(entry, path);
  if (entry['type'] === 'link') return linkEntry(entry, path);
  return [part(path, 'contexts.type', `'${nameOf([...path, 'type'])}' is invalid (must be one of: link image)`)];
};

/** An entry without a required member is removed completely. */
function required(entry: EventObject, path: JsonPath, name: ReadName): readonly InvalidPart[] | undefined {
  const value = entry[name];
  const isText = typeof value === 'string';
  if (isText && value.trim() !== '') return undefined;
  const problem = isText || isNone(value) ? 'is missing or blank' : 'is not a string';
  return [part(path, `${String(path[0])}.${name}`, `'${nameOf([...path, name])}' ${problem}`)];
}

function invalidList(event: EventObject, name: ReadName, check: EntryCheck): readonly InvalidPart[] {
  const list = event[name];
  if (isNone(list)) return [];
  if (!Array.isArray(list)) return [part([name], name, `'${name}' is not a list`)];
  const invalid: (readonly InvalidPart[])[] = [];
  for (const [index, entry] of list.entries()) {
    const path = [name, index];
    const parts = isEventObject(entry) ? check(entry, path) : [part(path, name, `'${nameOf(path)}' is not an object`)];
    if (parts.length > 0) invalid.push(parts);
    if (invalid.length > MAXIMUM_INVALID_ENTRIES) return [part([name], name, `'${name}' has too many invalid entries`)];
  }
  return invalid.flat();
}

function part(path: JsonPath, kind: string, error: string): InvalidPart {
  return { path, kind, error };
}

/** `images[0].src` */
function nameOf(path: JsonPath): string {
  return path.map((step, at) => (typeof step === 'number' ? `[${step}]` : at === 0 ? step : `.${step}`)).join('');
}

/** Of an acknowledge or a resolve, only the keys are required. */
function isUpdate(action: unknown): boolean {
  return action === 'acknowledge' || action === 'resolve';
}

function isNone(value: unknown): boolean {
  return value === undefined || value === null;
}
