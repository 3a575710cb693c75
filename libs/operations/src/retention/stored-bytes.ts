import { type ConsumeMessage } from 'amqplib';

/** The broker's own record of a message, and the lengths and types of its properties; bytes. */
const OVERHEAD_BYTES = 256;
const NUMBER_BYTES = 8;

/** About the bytes that the broker stores of a message. Not recursive: anyone may publish headers that are nested very deeply. */
export function storedBytesOf({ content, properties }: Pick<ConsumeMessage, 'content' | 'properties'>): number {
  let bytes = OVERHEAD_BYTES + content.length;
  const left: unknown[] = [properties];
  while (left.length > 0) {
    const value = left.pop();
    if (typeof value === 'string') bytes += Buffer.byteLength(value);
    else if (value instanceof Uint8Array) bytes += value.length;
    else if (typeof value === 'object' && value !== null)
      for (const [name, member] of Object.entries(value)) {
        bytes += name.length;
        left.push(member);
      }
    else if (value !== undefined) bytes += NUMBER_BYTES;
  }
  return bytes;
}
