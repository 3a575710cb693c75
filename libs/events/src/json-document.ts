import { isUtf8 } from 'node:buffer';
import { READ_NAMES, type ReadName, TOP_LEVEL_NAMES } from './field-names';
import { NameSet, withoutOtherNames } from './json-names';
import { outlineOf, type Outline } from './json-outline';
import { MAXIMUM_DEPTH } from './limits';

/** A parsed JSON object. Members are only read, never merged: one may be called `__proto__`. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** An event, or an object in one: only these members may be read, because others may be missing. */
export type EventObject = Readonly<Partial<Record<ReadName, unknown>>>;

/** A JSON object and the bytes it was received in (without a byte order mark), which are what is forwarded. */
export interface JsonDocument<Value = JsonObject> {
  readonly bytes: Buffer;
  readonly value: Value;
  /** Lists only the members that we read. */
  readonly outline: Outline;
}

export type EventDocument = JsonDocument<EventObject>;

/** A document, or an error message for the sender. */
export type ReadResult<Value = JsonObject> =
  { readonly ok: true; readonly document: JsonDocument<Value> } | { readonly ok: false; readonly error: string };

/** Replaces the bytes from `start` to `end` (exclusive) by `text`. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

const BYTE_ORDER_MARK_BYTES = 3;

/** Larger events are parsed without the names that nobody reads. */
const LARGE_BYTES = 16 * 1024;
const ALL_READ_NAMES = new NameSet(READ_NAMES);

/**
 * Parses a JSON object: strict UTF-8, at most 100 levels deep. A byte order mark is dropped: JSON must not have one, and strict
 * parsers reject it (RFC 8259, 8.1).
 */
export function readDocument(received: Buffer): ReadResult {
  return read(received, parsed);
}

/** The same for an event, of which a large one has no other members than those that are read: their bytes are forwarded. */
export function readEvent(received: Buffer): ReadResult<EventObject> {
  return read(received, (bytes) =>
    parsed(bytes.length > LARGE_BYTES ? withoutOtherNames(bytes, ALL_READ_NAMES) : bytes),
  );
}

function parsed(bytes: Buffer): unknown {
  return JSON.parse(bytes.toString());
}

function read(received: Buffer, parse: (bytes: Buffer) => unknown): ReadResult {
  if (!isUtf8(received)) return { ok: false, error: 'Body is not valid UTF-8' };
  const bytes = hasByteOrderMark(received) ? received.subarray(BYTE_ORDER_MARK_BYTES) : received;
  const outline = outlineOf(bytes, 0, TOP_LEVEL_NAMES);
  if (outline.depth > MAXIMUM_DEPTH)
    return { ok: false, error: `JSON is nested more than ${MAXIMUM_DEPTH} levels deep` };
  let value: unknown;
  try {
    value = parse(bytes);
  } catch {
    return { ok: false, error: 'JSON parse error' };
  }
  if (!isJsonObject(value)) return { ok: false, error: 'Event is not a JSON object' };
  return { ok: true, document: { bytes, value, outline } };
}

/** U+FEFF in UTF-8. */
function hasByteOrderMark(bytes: Buffer): boolean {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An object in an event. */
export function isEventObject(value: unknown): value is EventObject {
  return isJsonObject(value);
}

/** The event with these edits. @param value what parsing it would give: parsing a large one takes long, and need not be done twice */
export function edited({ bytes }: EventDocument, edits: readonly Edit[], value: EventObject): EventDocument {
  const changed = applyEdits(bytes, edits);
  return { bytes: changed, value, outline: outlineOf(changed, 0, TOP_LEVEL_NAMES) };
}

/** Applies edits and copies everything else unchanged. Edits must not overlap; their order does not matter. */
export function applyEdits(bytes: Buffer, edits: readonly Edit[]): Buffer {
  const sorted = [...edits].sort((a, b) => a.start - b.start);
  const grown = sorted.reduce((sum, { start, end, text }) => sum + Buffer.byteLength(text) - (end - start), 0);
  const result = Buffer.allocUnsafe(bytes.length + grown);
  let copied = 0;
  let length = 0;
  for (const { start, end, text } of sorted) {
    length += bytes.copy(result, length, copied, start);
    length += result.write(text, length);
    copied = end;
  }
  bytes.copy(result, length, copied);
  return result;
}
