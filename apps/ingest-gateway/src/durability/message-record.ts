import { MESSAGE_TYPES, type OutgoingMessage } from '@pdaltagent/messaging';
import { z } from 'zod';

const VERSION = 1;
const PREFIX_BYTES = 5;

const head = z.object({
  id: z.string(),
  type: z.enum(MESSAGE_TYPES),
  routingKey: z.string(),
  orderKey: z.string(),
  contentType: z.string(),
  receivedAt: z.number(),
  forward: z.exactOptional(z.record(z.string(), z.string())),
  query: z.exactOptional(z.string()),
  traceparent: z.exactOptional(z.string()),
});

/** A message as it stands in the spool: version, length of the head, head (JSON), and the body's exact bytes. */
export function writeRecord({ body, again: _again, ...properties }: OutgoingMessage): Buffer {
  const json = Buffer.from(JSON.stringify(properties));
  const record = Buffer.allocUnsafe(PREFIX_BYTES + json.length + body.length);
  record.writeUInt8(VERSION, 0);
  record.writeUInt32BE(json.length, 1);
  json.copy(record, PREFIX_BYTES);
  body.copy(record, PREFIX_BYTES + json.length);
  return record;
}

/** Undefined where it is no record of this version. It may have been sent before, so it says so. */
export function readRecord(record: Buffer): OutgoingMessage | undefined {
  if (record.length < PREFIX_BYTES || record.readUInt8(0) !== VERSION) return undefined;
  const bodyAt = PREFIX_BYTES + record.readUInt32BE(1);
  if (bodyAt > record.length) return undefined;
  const properties = head.safeParse(parsed(record.toString('utf8', PREFIX_BYTES, bodyAt)));
  return properties.success ? { ...properties.data, body: record.subarray(bodyAt), again: true } : undefined;
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
