import { RestRateLimit } from '../rest/rate-limit';
import { Throttle } from './throttle';

test('the window of the Events API slides: an event expires after a minute', () => {
  const throttle = new Throttle();
  const accepted = [0, 30_000, 59_999, 60_000, 60_001, 90_000].map((now) => throttle.take('key', 2, now));
  expect(accepted).toEqual([true, true, false, true, false, true]);
});

test('the window of the REST API begins with its first request and ends a minute later', () => {
  const limit = new RestRateLimit();
  const results = [1000, 1001, 60_999, 61_000].map((now) => limit.take('token', 1, now));
  expect(results.map(({ refusal }) => refusal?.status)).toEqual([undefined, 429, 429, undefined]);
  expect(results.map(({ headers }) => headers['ratelimit-reset'])).toEqual(['60', '60', '1', '60']);
});
