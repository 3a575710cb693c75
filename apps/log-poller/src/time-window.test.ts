import { nextWindow } from './time-window';

const SECOND = 1_000;
const DAY = 86_400 * SECOND;
const NOW = Date.UTC(2026, 2, 1, 12);

describe('the next window', () => {
  const usual = { start: 0, cursor: NOW - 10 * SECOND, overlapMs: 60 * SECOND, times: { ours: NOW, pagerDuty: NOW } };

  it('extends from an overlap before the cursor to slightly after now', () => {
    expect(nextWindow(usual)).toEqual({ since: NOW - 70 * SECOND, until: NOW + 60 * SECOND });
  });

  it('never extends before the position where reading began', () => {
    expect(nextWindow({ ...usual, start: NOW - 20 * SECOND }).since).toBe(NOW - 20 * SECOND);
  });

  it('ends after the cursor even if our clock is behind PagerDuty’s', () => {
    expect(nextWindow({ ...usual, cursor: NOW + 30 * SECOND }).until).toBe(NOW + 90 * SECOND);
  });

  it('ends after PagerDuty’s clock, whether ours is fast or slow', () => {
    for (const ours of [NOW - 2 * DAY, NOW + 2 * DAY])
      expect(nextWindow({ ...usual, times: { ours, pagerDuty: NOW } }).until).toBeGreaterThanOrEqual(NOW + 60 * SECOND);
  });

  it('ends far enough ahead, while PagerDuty’s clock is unknown, that ours may be days slow', () => {
    expect(nextWindow({ ...usual, times: { ours: NOW - 5 * DAY, pagerDuty: null } }).until).toBeGreaterThan(NOW);
  });

  it('is rounded outwards to whole seconds', () => {
    const window = nextWindow({ ...usual, cursor: NOW - 10_400, times: { ours: NOW + 1, pagerDuty: NOW } });
    expect(window).toEqual({ since: NOW - 71 * SECOND, until: NOW + 61 * SECOND });
  });
});
