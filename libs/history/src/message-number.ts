const PER_MILLISECOND = 2048;
/** Of 2096: larger times would not be exact any more. */
const LATEST = 4e12;

/** Where a message is stored: `messages.n`. Another one may be there already: then the next free number is taken. */
export function messageNumber(accepted: number, id: Buffer): number {
  const ms = Math.min(Math.max(Math.floor(accepted), 0), LATEST);
  const bits = ((id.at(-1) ?? 0) | ((id.at(-2) ?? 0) << 8)) % PER_MILLISECOND;
  return ms * PER_MILLISECOND + bits;
}

/** Milliseconds since 1970. */
export const acceptedAt = (n: number): number => Math.floor(n / PER_MILLISECOND);

/** The smallest number of a message that was accepted at the time or later; milliseconds since 1970. */
export const firstNumberAt = (at: number): number => Math.min(Math.max(Math.ceil(at), 0), LATEST) * PER_MILLISECOND;

const UUID = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/;
const UUID_BYTES = 16;

/** A message id as it is stored: a UUID as its 16 bytes, anything else as text after one or two zeros, never of 16 bytes. */
export function idBytes(id: string): Buffer {
  if (UUID.test(id)) return Buffer.from(id.replaceAll('-', ''), 'hex');
  const text = Buffer.from(id);
  return Buffer.concat([Buffer.alloc(text.length + 1 === UUID_BYTES ? 2 : 1), text]);
}

export function idOf(bytes: Buffer): string {
  if (bytes.length !== UUID_BYTES)
    return bytes.subarray(bytes.length === UUID_BYTES + 1 && bytes[1] === 0 ? 2 : 1).toString();
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
