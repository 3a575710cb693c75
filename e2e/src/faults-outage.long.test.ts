import { setTimeout as delay } from 'node:timers/promises';
import { metric, SCENARIO_MS, STEP_MS, survivesFault, waitForQueues } from './faults.fixture';
import { PrivateRelay } from './relay.fixture';

const OUTAGE_MS = 60_000;

describe('20,000 events arrive, none lost and each alert in order, while', () => {
  let relay: PrivateRelay;

  beforeAll(async () => {
    relay = await PrivateRelay.start('e2e-outage');
  });
  afterAll(() => relay.stop());

  it(
    'PagerDuty is down for a minute',
    () =>
      survivesFault(relay, 'outage', async (traffic) => {
        const worker = await relay.startWorker();
        await traffic.send(100);
        await relay.control('POST', '/down', { mode: 'reset' });
        const minute = delay(OUTAGE_MS);
        await traffic.send();
        await worker.logged(
          'that PagerDuty is unreachable',
          ({ message }) => message.startsWith('destination unavailable'),
          STEP_MS,
        );
        const { queued } = await waitForQueues(
          relay,
          'what was accepted and is neither delivered nor dead',
          async (state) => {
            const delivered = await metric(worker, 'pdaltagent_delivered_total');
            // Sidings in use hold a mark each, which is counted too.
            return delivered + state.queued + state.dead >= traffic.accepted;
          },
        );
        await minute;
        const held = await metric(worker, 'pdaltagent_held');
        const failed = await metric(worker, 'pdaltagent_retried_total');
        await relay.control('DELETE', '/down');
        await worker.logged(
          'that PagerDuty is back',
          ({ message }) => message === 'destination available again',
          STEP_MS,
        );
        return { 'queued during the outage': queued, 'held during the outage': held, 'attempts that failed': failed };
      }),
    SCENARIO_MS,
  );
});
