import { type ConsumeMessage } from 'amqplib';

/** What an entry of a table or list takes, decoded, beside its name and value. */
const ENTRY_BYTES = 64;
const NOTHING = Buffer.alloc(0);

/**
 * About what a delivery takes in memory: its body and its headers, of which anyone who may publish can fill a frame of 128 KiB, also
 * with entries that nobody reads.
 */
export function heldBytesOf({ content, properties }: Pick<ConsumeMessage, 'content' | 'properties'>): number {
  let bytes = content.length;
  // Not recursive: they may be nested deeper than the stack.
  const values: unknown[] = [properties.headers];
  while (values.length > 0) {
    const value = values.pop();
    if (typeof value === 'string' || Buffer.isBuffer(value)) bytes += value.length;
    else if (typeof value === 'object' && value !== null)
      for (const [name, entry] of Object.entries(value)) {
        bytes += ENTRY_BYTES + name.length;
        values.push(entry);
      }
  }
  return bytes;
}

/** Of one that stays unacknowledged but is not needed any more: it is delivered again when the channel closes. */
export function empty(delivery: ConsumeMessage): void {
  delivery.content = NOTHING;
  delivery.properties.headers = {};
}
