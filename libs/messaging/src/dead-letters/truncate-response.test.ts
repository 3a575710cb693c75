import { truncateResponse } from './truncate-response';

describe('the response that a dead letter keeps', () => {
  it('is complete up to 2 KB', () => {
    expect(truncateResponse('Invalid event')).toBe('Invalid event');
    expect(truncateResponse('x'.repeat(2_048))).toHaveLength(2_048);
  });

  it('is cut to 2 KB, never inside a character', () => {
    expect(truncateResponse('x'.repeat(5_000))).toHaveLength(2_048);
    expect(truncateResponse(`x${'€'.repeat(1_000)}`)).toBe(`x${'€'.repeat(682)}`);
  });
});
