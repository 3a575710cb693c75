import { type OutgoingMessage } from './message';

/**
 * Maximum size of a message's headers, in bytes: more than a request's headers in ASCII, of which Node accepts 16 KB. AMQP sends
 * them in one frame, of 128 KiB by default, and amqplib encodes them in a buffer of 64 KiB; dead letters have further headers.
 * The gateway refuses more; of a message of anyone else that has more, nothing is sent on.
 */
export const MAXIMUM_HEADER_BYTES = 24 * 1024;
/** Lengths and type of each entry (AMQP 0-9-1, 4.2.5.5). */
const ENTRY_BYTES = 6;

type Headers = Pick<
  OutgoingMessage,
  'routingKey' | 'orderKey' | 'contentType' | 'query' | 'forward' | 'adapter' | 'traceparent'
>;

/** The encoded size of a message's headers; bytes. */
export function headerBytesOf(headers: Headers): number {
  const { routingKey, orderKey, contentType, query = '', forward = {}, adapter = '', traceparent = '' } = headers;
  let bytes = 0;
  for (const text of [routingKey, orderKey, contentType, query, adapter, traceparent])
    bytes += ENTRY_BYTES + Buffer.byteLength(text);
  for (const [name, value] of Object.entries(forward))
    bytes += ENTRY_BYTES + Buffer.byteLength(name) + Buffer.byteLength(value);
  return bytes;
}
