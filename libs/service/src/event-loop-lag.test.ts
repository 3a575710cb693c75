import { SYSTEM_CLOCK } from '@pdaltagent/clock';
import { waitUntil } from '@pdaltagent/testing';
import { collectDefaultMetrics, Registry } from 'prom-client';

const BLOCKED_MS = 600;

it('the metrics of a service show how long something has blocked its event loop', async () => {
  const metrics = new Registry();
  collectDefaultMetrics({ register: metrics });
  // The delay is measured by a timer, which has to be due before the block.
  let turns = 0;
  await waitUntil(() => (turns += 1) > 3, { what: 'the measurement to have begun' });
  const until = SYSTEM_CLOCK.monotonic() + BLOCKED_MS;
  while (SYSTEM_CLOCK.monotonic() < until);
  await waitUntil(
    async () => {
      const [, seconds = '0'] = /^nodejs_eventloop_lag_max_seconds (\S+)$/m.exec(await metrics.metrics()) ?? [];
      return Number(seconds) * 1000 > BLOCKED_MS / 2;
    },
    { what: 'the metric to show it' },
  );
});
