import { SYSTEM_CLOCK } from '@pdaltagent/clock';
import { waitUntil } from '@pdaltagent/testing';
import { setTimeout as delay } from 'node:timers/promises';
import { Registry } from 'prom-client';
import { collectProcessMetrics, EVENT_LOOP_PRECISION_MS } from './process-metrics';

const BLOCKED_MS = 600;

/** A timer measures the delay; the first one after each reading counts for nothing. */
async function timersAreDue(): Promise<void> {
  for (let count = 0; count < 5; count += 1) await delay(2 * EVENT_LOOP_PRECISION_MS);
}

it('the metrics of a service show how long something has blocked its event loop', async () => {
  const metrics = new Registry();
  collectProcessMetrics(metrics);
  await waitUntil(
    async () => {
      await timersAreDue();
      const until = SYSTEM_CLOCK.monotonic() + BLOCKED_MS;
      while (SYSTEM_CLOCK.monotonic() < until);
      await timersAreDue();
      const [, seconds = '0'] = /^nodejs_eventloop_lag_max_seconds (\S+)$/m.exec(await metrics.metrics()) ?? [];
      return Number(seconds) * 1000 > BLOCKED_MS / 2;
    },
    { what: 'the metric to show it' },
  );
});
