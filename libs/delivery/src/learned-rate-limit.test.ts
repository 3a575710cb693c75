import { LearnedRateLimit } from './learned-rate-limit';

/** A destination that accepts `limit` events in any 60 s, and a sender that goes as fast as the rate limit lets it. */
function run({ limit, minutes, alreadyAccepted = 0 }: { limit: number; minutes: number; alreadyAccepted?: number }) {
  const rateLimit = new LearnedRateLimit();
  const accepted: number[] = Array.from({ length: alreadyAccepted }, (_, index) => index * 100);
  const perMinute = Array.from({ length: minutes }, () => ({ accepted: 0, throttled: 0 }));
  let now = 6_000;
  let waitUntil = 0;
  let backoff = 1_000;
  const end = now + minutes * 60_000;
  while (now < end) {
    const minute = perMinute[Math.floor((now - 6_000) / 60_000)];
    if (minute === undefined) break;
    if (now < waitUntil || rateLimit.available(now) <= 0) {
      now += 50;
      continue;
    }
    while (accepted.length > 0 && (accepted[0] ?? 0) <= now - 60_000) accepted.shift();
    if (accepted.length < limit) {
      accepted.push(now);
      rateLimit.recordAccepted(now);
      minute.accepted += 1;
      backoff = 1_000;
      now += 5;
    } else {
      rateLimit.recordThrottled(now);
      minute.throttled += 1;
      waitUntil = now + backoff;
      backoff = Math.min(backoff * 2, 30_000);
    }
  }
  return { rateLimit, perMinute };
}

describe('the rate limit of a key', () => {
  it('is not limited before the destination throttles', () => {
    const rateLimit = new LearnedRateLimit();
    for (let now = 0; now < 1_000; now += 1) rateLimit.recordAccepted(now);
    expect(rateLimit.available(1_000)).toBe(Number.POSITIVE_INFINITY);
  });

  it.each([
    ['120 a minute', 120, 0],
    ['10 a minute', 10, 0],
    ['600 a minute', 600, 0],
    ['120 a minute that another sender has used up', 120, 120],
  ])(
    'once learned stays within %s: under 2 %% throttled, 90 %% or more of what is allowed',
    (_name, limit, alreadyAccepted) => {
      const { perMinute } = run({ limit, minutes: 20, alreadyAccepted });
      const learned = perMinute.slice(5);
      const accepted = learned.reduce((sum, minute) => sum + minute.accepted, 0);
      const throttled = learned.reduce((sum, minute) => sum + minute.throttled, 0);
      expect(accepted).toBeGreaterThanOrEqual(0.9 * limit * learned.length);
      expect(throttled).toBeLessThanOrEqual(Math.max(0.02 * (accepted + throttled), 3));
    },
  );

  it('follows a limit that was raised', () => {
    const { rateLimit } = run({ limit: 60, minutes: 4 });
    const before = rateLimit.limit ?? 0;
    let now = 10 * 60_000;
    for (let minute = 0; minute < 9; minute += 1) {
      for (let room = rateLimit.available(now); room > 0; room -= 1) rateLimit.recordAccepted(now);
      now += 61_000;
    }
    expect(rateLimit.limit).toBeGreaterThan(before * 2);
  });

  it('returns when the window has room again', () => {
    const { rateLimit } = run({ limit: 20, minutes: 5 });
    const now = 6_000 + 5 * 60_000;
    for (let room = rateLimit.available(now); room > 0; room -= 1) rateLimit.recordAccepted(now);
    const wait = rateLimit.untilAvailable(now);
    expect(wait).toBeGreaterThan(0);
    expect(rateLimit.available(now + wait)).toBeGreaterThan(0);
  });

  it('is not learned from a window of which another worker used up a part', () => {
    const rateLimit = new LearnedRateLimit();
    rateLimit.recordAccepted(0);
    rateLimit.observeAgain(30_000);
    rateLimit.recordAccepted(61_000);
    rateLimit.recordThrottled(62_000);
    expect(rateLimit.limit).toBeUndefined();
    rateLimit.recordThrottled(91_000);
    expect(rateLimit.limit).toBe(1);
  });
});
