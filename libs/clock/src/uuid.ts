import { v4, v7 } from 'uuid';
import { type Random } from './random';

/** A UUIDv4 (RFC 9562). */
export function uuid(random: Random): string {
  return v4({ random: random.bytes(16) });
}

/** A UUIDv7 (RFC 9562) of a moment; milliseconds since 1970. */
export function uuidAt(at: number, random: Random): string {
  return v7({ msecs: at, random: random.bytes(16) });
}
