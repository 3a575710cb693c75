import { isUtf8 } from 'node:buffer';
import { outlineOf, type Outline } from './json-outline';
import { MAXIMUM_DEPTH } from './limits';

/** A parsed JSON object. Members are only ever read, never merged: one may be called `__proto__`. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** A JSON object together with the bytes it came in, which are what is sent on; without a byte order mark. */
export interface JsonDocument {
  readonly bytes: Buffer;
  readonly value: JsonObject;
  readonly outline: Outline;
}

/** What became of reading bytes: a document, or the reason in words for the sender. */
export type ReadResult =
  { readonly ok: true; readonly document: JsonDocument } | { readonly ok: false; readonly error: string };

/** A change to the bytes: what lies from `start` to `end` (exclusive) is replaced by `text`. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

const BYTE_ORDER_MARK = Buffer.from('\ufeff');

/**
 * Reads a JSON object, guarded: strict UTF-8, at most 100 levels. A byte order mark is dropped: who sends JSON must not add
 * one, and a strict parser refuses it (RFC 8259, 8.1).
 */
export function readDocument(received: Buffer): ReadResult {
  if (!isUtf8(received)) return { ok: false, error: 'Body is not valid UTF-8' };
  const hasByteOrderMark = received.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK);
  const bytes = hasByteOrderMark ? received.subarray(BYTE_ORDER_MARK.length) : received;
  const outline = outlineOf(bytes);
  if (outline.depth > MAXIMUM_DEPTH) return { ok: false, error: `JSON is nested over ${MAXIMUM_DEPTH} levels deep` };
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString());
  } catch {
    return { ok: false, error: 'JSON parse error' };
  }
  if (!isJsonObject(value)) return { ok: false, error: 'Event is not a JSON object' };
  return { ok: true, document: { bytes, value, outline } };
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The bytes with the edits made and everything else as it was. Edits may not overlap; their order does not matter. */
export function applyEdits(bytes: Buffer, edits: readonly Edit[]): Buffer {
  const parts: Buffer[] = [];
  let copied = 0;
  for (const { start, end, text } of [...edits].sort((a, b) => a.start - b.start)) {
    parts.push(bytes.subarray(copied, start), Buffer.from(text));
    copied = end;
  }
  return Buffer.concat([...parts, bytes.subarray(copied)]);
}
