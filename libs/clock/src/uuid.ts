import { v4 } from 'uuid';
import { type Random } from './random';

/** A UUIDv4 (RFC 9562). */
export function uuid(random: Random): string {
  return v4({ random: random.bytes(16) });
}
