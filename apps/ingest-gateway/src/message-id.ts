import { type Random, SYSTEM_RANDOM, uuid } from '@pdaltagent/clock';

const TIME_DIGITS = 12;
/** After the version digit of a UUIDv4 everything is random, except for the variant, which is the same in v7. */
const RANDOM_FROM = 15;

// Many events share a millisecond.
let latestMs = -1;
let prefix = '';

/**
 * A UUIDv7 (RFC 9562) for a time in milliseconds since 1970. Built from a v4, with a cached prefix per millisecond, because each
 * event needs one.
 */
export function messageId(now: number, random: Random = SYSTEM_RANDOM): string {
  if (now !== latestMs) {
    const time = now.toString(16).padStart(TIME_DIGITS, '0');
    prefix = `${time.slice(0, 8)}-${time.slice(8)}-7`;
    latestMs = now;
  }
  return prefix + uuid(random).slice(RANDOM_FROM);
}
