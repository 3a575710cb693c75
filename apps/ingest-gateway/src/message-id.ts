import { type Random, SYSTEM_RANDOM, uuid } from '@pdaltagent/clock';

const TIME_DIGITS = 12;
/** After the version digit of a UUIDv4 everything is random, except for the variant, which is the same in v7. */
const RANDOM_FROM = 15;

// Many events share a millisecond.
let latest = -1;
let beginning = '';

/**
 * A UUIDv7 (RFC 9562) for a time in milliseconds since 1970. Built from a v4, with a cached prefix per millisecond, because each
 * event needs one.
 */
export function messageId(now: number, random: Random = SYSTEM_RANDOM): string {
  if (now !== latest) {
    const time = now.toString(16).padStart(TIME_DIGITS, '0');
    beginning = `${time.slice(0, 8)}-${time.slice(8)}-7`;
    latest = now;
  }
  return beginning + uuid(random).slice(RANDOM_FROM);
}
