import { type Random, SYSTEM_RANDOM, uuid } from '@pdaltagent/clock';

const TIME_DIGITS = 12;
/** Behind the version's digit of a UUIDv4: all of it random, but for the variant, which v7 has too. */
const RANDOM_FROM = 15;

// Many events share a millisecond.
let latest = -1;
let beginning = '';

/** A UUIDv7 (RFC 9562) of a moment; milliseconds since 1970. Made of a v4, with the beginning of the millisecond kept: an id is made for each event. */
export function messageId(now: number, random: Random = SYSTEM_RANDOM): string {
  if (now !== latest) {
    const time = now.toString(16).padStart(TIME_DIGITS, '0');
    beginning = `${time.slice(0, 8)}-${time.slice(8)}-7`;
    latest = now;
  }
  return beginning + uuid(random).slice(RANDOM_FROM);
}
