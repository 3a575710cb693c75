import { z } from 'zod';
import { MESSAGE_TYPES, type OutgoingMessage } from './message';

const VERSION = 1;
/** One byte for the version and four for the length of the head. */
const PREFIX_BYTES = 5;

const head = z.strictObject({
  id: z.string(),
  type: z.string(),
  routingKey: z.string(),
  orderKey: z.string(),
  contentType: z.string(),
  receivedAt: z.number(),
  originalReceivedAt: z.exactOptional(z.number()),
  forward: z.exactOptional(z.record(z.string(), z.string())),
  query: z.exactOptional(z.string()),
  adapter: z.exactOptional(z.string()),
  traceparent: z.exactOptional(z.string()),
});

/** The content of a record on disk. */
export type ReadRecord =
  /** It may have been sent before, so `maybeDuplicate` is set. */
  | { readonly kind: 'message'; readonly message: OutgoingMessage }
  /** Written by a newer version: it must be kept for that version. */
  | { readonly kind: 'newer'; readonly version: number }
  /** Not a record that any version wrote. */
  | { readonly kind: 'damaged' };

const DAMAGED: ReadRecord = { kind: 'damaged' };
const NEWER: ReadRecord = { kind: 'newer', version: VERSION };

/**
 * A message as it is stored on disk: version, length of the head, head (JSON), and the body's exact bytes. Without its action,
 * which can be read from the body: releases that do not know that member would keep the record for a newer version.
 */
export function writeRecord({
  body,
  maybeDuplicate: _maybeDuplicate,
  action: _action,
  ...properties
}: OutgoingMessage): Buffer {
  const json = JSON.stringify(properties);
  const jsonBytes = Buffer.byteLength(json);
  const record = Buffer.allocUnsafe(PREFIX_BYTES + jsonBytes + body.length);
  record.writeUInt8(VERSION, 0);
  record.writeUInt32BE(jsonBytes, 1);
  record.write(json, PREFIX_BYTES);
  body.copy(record, PREFIX_BYTES + jsonBytes);
  return record;
}

/**
 * Reads a record. One with an unknown field or an unknown message type counts as newer too: without the field it would
 * not be sent as its writer intended.
 */
export function readRecord(record: Buffer): ReadRecord {
  const version = record[0] ?? 0;
  if (version > VERSION) return { kind: 'newer', version };
  if (version < VERSION || record.length < PREFIX_BYTES) return DAMAGED;
  const bodyAt = PREFIX_BYTES + record.readUInt32BE(1);
  if (bodyAt > record.length) return DAMAGED;
  const { data, error } = head.safeParse(parseJson(record.toString('utf8', PREFIX_BYTES, bodyAt)));
  if (data === undefined) return error.issues.some(({ code }) => code === 'unrecognized_keys') ? NEWER : DAMAGED;
  const type = MESSAGE_TYPES.find((known) => known === data.type);
  if (type === undefined) return NEWER;
  return { kind: 'message', message: { body: record.subarray(bodyAt), maybeDuplicate: true, ...data, type } };
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
