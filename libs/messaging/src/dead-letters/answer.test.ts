import { cutAnswer } from './answer';

describe('the answer that a dead letter keeps', () => {
  it('is complete up to 2 KB', () => {
    expect(cutAnswer('Invalid event')).toBe('Invalid event');
    expect(cutAnswer('x'.repeat(2_048))).toHaveLength(2_048);
  });

  it('is cut to 2 KB, never inside a character', () => {
    expect(cutAnswer('x'.repeat(5_000))).toHaveLength(2_048);
    expect(cutAnswer(`x${'€'.repeat(1_000)}`)).toBe(`x${'€'.repeat(682)}`);
  });
});
