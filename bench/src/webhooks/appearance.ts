import { type BenchResult, delaysOf, log, percentile, waitForWebhooks, withSetup } from './setup';

const INTERVAL_SECONDS = 1;
/** Not a divisor of the interval, so that entries appear at all times within it. */
const SPACING_MS = 97;
/** Allowed delay in addition to the interval. */
const TARGET_MS = 200;

/** From a log entry's appearance to its webhook at an idle receiver. */
export function measureAppearance(entries: number): Promise<BenchResult> {
  return withSetup(INTERVAL_SECONDS, async ({ receiver, write }) => {
    log(`${entries} entries appear, one every ${SPACING_MS} ms`);
    const appeared = await write(entries, SPACING_MS);
    await waitForWebhooks(receiver, appeared, 'every webhook');
    const delays = delaysOf(receiver, appeared);
    const beyond = (share: number) => percentile(delays, share) - INTERVAL_SECONDS * 1_000;
    return {
      conditions: `polling every ${INTERVAL_SECONDS} s, target: at most the interval and ${TARGET_MS} ms`,
      rows: [0.5, 0.99, 1].map((share) => ({
        '': share === 1 ? 'max' : `p${share * 100}`,
        'ms from appearance to webhook': percentile(delays, share),
        'ms beyond the interval': Math.max(0, beyond(share)),
        'on target': beyond(share) <= TARGET_MS ? 'yes' : 'no',
      })),
    };
  });
}
