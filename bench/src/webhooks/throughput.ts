import { waitUntil } from '@pdaltagent/testing';
import { usageOf } from '../delivery/usage';
import { type BenchResult, delaysOf, log, percentile, waitForWebhooks, withSetup } from './setup';

const MINUTE_MS = 60_000;
/** The product's default. */
const INTERVAL_SECONDS = 10;
/** Half of one core. */
const TARGET_CPU_SECONDS = 30;

/** CPU time per minute of one poller and one sender at this rate of log entries. */
export function measureThroughput(perMinute: number): Promise<BenchResult> {
  return withSetup(INTERVAL_SECONDS, async ({ poller, sender, receiver, write }) => {
    // The overlap that each poll cycle reads again is complete only after the first minute.
    log(`${perMinute} entries a minute for two minutes; the second one is measured`);
    const appeared = await write(2 * perMinute, MINUTE_MS / perMinute);
    const began = Math.min(...appeared.values());
    const at = async (time: number) => {
      await waitUntil(() => Date.now() >= time, { what: 'the time', timeoutMs: 3 * MINUTE_MS, intervalMs: 20 });
      return [usageOf(poller.pid), usageOf(sender.pid)] as const;
    };
    const before = await at(began + MINUTE_MS);
    const after = await at(began + 2 * MINUTE_MS);
    await waitForWebhooks(receiver, appeared, 'every webhook');
    const delays = delaysOf(receiver, appeared);
    const [polling, sending] = after.map(({ cpuSeconds }, index) => cpuSeconds - (before[index]?.cpuSeconds ?? 0));
    const sum = (polling ?? 0) + (sending ?? 0);
    return {
      conditions: `${perMinute} entries a minute, polling every ${INTERVAL_SECONDS} s, target: at most ${TARGET_CPU_SECONDS} s of CPU a minute`,
      rows: [
        {
          'CPU s/min poller': round(polling),
          'CPU s/min sender': round(sending),
          'CPU s/min both': round(sum),
          'on target': sum <= TARGET_CPU_SECONDS ? 'yes' : 'no',
          'RSS MB poller': Math.round(after[0].rssMb),
          'RSS MB sender': Math.round(after[1].rssMb),
          'p50 ms': percentile(delays, 0.5),
          'p99 ms': percentile(delays, 0.99),
        },
      ],
    };
  });
}

const round = (seconds: number | undefined) => Math.round((seconds ?? NaN) * 100) / 100;
