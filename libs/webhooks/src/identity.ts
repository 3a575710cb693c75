import { createHash } from 'node:crypto';
import { v5 } from 'uuid';

/** The namespace of all ids generated here; if it changed, receivers would no longer recognize repeats. */
const NAMESPACE = '5f0e2c3a-7d0b-4d5e-9a41-0c6f4f6f5d1e';
/** Crockford's base 32, the alphabet of ULIDs. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** The `id` of a v2 message: a UUID, the same for every re-read, retry and destination of one log entry. */
export function messageIdOf(entryId: string): string {
  return v5(entryId, NAMESPACE);
}

/** Names one delivery (X-Webhook-Id): the same for every attempt and re-read of one log entry for one destination. */
export function deliveryIdOf(entryId: string, destination: string): string {
  return v5(`${destination}\n${entryId}`, NAMESPACE);
}

/** The `id` of a v3 event: 26 characters as PagerDuty's, time first, the same for every re-read of one log entry. */
export function eventIdOf(entryId: string, createdAt: number | null): string {
  const time = base32(BigInt(Math.max(0, Math.trunc(createdAt ?? 0))), 10);
  return time + base32(digest(entryId), 16);
}

/** A resource id in PagerDuty's form (`P` and 6 characters) for something PagerDuty does not know. */
export function resourceIdOf(name: string): string {
  return `P${base32(digest(name), 6)}`;
}

function digest(text: string): bigint {
  return BigInt(`0x${createHash('sha256').update(text).digest('hex')}`);
}

function base32(value: bigint, length: number): string {
  let text = '';
  for (let rest = value; text.length < length; rest >>= 5n) text = ALPHABET.charAt(Number(rest & 31n)) + text;
  return text;
}
