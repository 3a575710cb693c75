import fc from 'fast-check';
import { halvesOf } from './time-window';

const SECOND = 1_000;
const NOW = Date.UTC(2026, 2, 1, 12);

describe('the halves of a window', () => {
  it('cover it, overlap by a second, and end in windows that cannot be halved', () => {
    const seconds = fc.integer({ min: 1, max: 1_000_000 });
    fc.assert(
      fc.property(seconds, (length) => {
        let window = { since: NOW, until: NOW + length * SECOND };
        for (let halvings = 0; ; halvings += 1) {
          const halves = halvesOf(window);
          if (halves === null) {
            expect(window.until - window.since).toBeLessThanOrEqual(2 * SECOND);
            return;
          }
          const [older, newer] = halves;
          expect([older.since, newer.until]).toEqual([window.since, window.until]);
          expect(newer.since).toBe(older.until - SECOND);
          expect(halvings).toBeLessThan(40);
          window = halvings % 2 === 0 ? older : newer;
        }
      }),
    );
  });
});
