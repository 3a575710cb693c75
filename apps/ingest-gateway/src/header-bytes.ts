import { type OutgoingMessage } from '@pdaltagent/messaging';

/**
 * What may ride in a message's headers, in bytes: more than all headers of a request in ASCII, which Node takes 16 KB of. AMQP carries them in one frame, of 128 KiB by default, and amqplib encodes
 * them in a buffer of 64 KiB; what a dead letter tells of its end comes on top.
 */
export const MAXIMUM_HEADER_BYTES = 24 * 1024;
/** Lengths and type of each entry (AMQP 0-9-1, 4.2.5.5). */
const ENTRY_BYTES = 6;

/** How much of a message rides in its headers, in bytes as they are encoded. */
export function headerBytesOf({ routingKey, orderKey, contentType, query, forward }: OutgoingMessage): number {
  let bytes = 0;
  for (const text of [routingKey, orderKey, contentType, query ?? '']) bytes += ENTRY_BYTES + Buffer.byteLength(text);
  for (const [name, value] of Object.entries(forward ?? {}))
    bytes += ENTRY_BYTES + Buffer.byteLength(name) + Buffer.byteLength(value);
  return bytes;
}
