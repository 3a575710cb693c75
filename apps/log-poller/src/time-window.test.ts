import { nextWindow } from './time-window';

const SECOND = 1_000;
const NOW = Date.UTC(2026, 2, 1, 12);

describe('the next window', () => {
  const usual = { start: 0, cursor: NOW - 10 * SECOND, overlapMs: 60 * SECOND, now: NOW };

  it('reaches from an overlap before the cursor to a little beyond now', () => {
    expect(nextWindow(usual)).toEqual({ since: NOW - 70 * SECOND, until: NOW + 60 * SECOND });
  });

  it('never reaches before the place where reading began', () => {
    expect(nextWindow({ ...usual, start: NOW - 20 * SECOND }).since).toBe(NOW - 20 * SECOND);
  });

  it('ends beyond the cursor even where our clock is behind PagerDuty’s', () => {
    expect(nextWindow({ ...usual, cursor: NOW + 30 * SECOND }).until).toBe(NOW + 90 * SECOND);
  });

  it('lies on whole seconds that include what was asked', () => {
    const window = nextWindow({ ...usual, cursor: NOW - 10_400, now: NOW + 1 });
    expect(window).toEqual({ since: NOW - 71 * SECOND, until: NOW + 61 * SECOND });
  });
});
