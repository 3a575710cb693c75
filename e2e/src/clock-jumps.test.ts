import { openRunFolder, type RunFolder } from '@pdaltagent/testing';
import { printFigures, waitForQueues } from './faults.fixture';
import { JumpingClock } from './jumping-clock.fixture';
import { PrivateRelay } from './relay.fixture';
import { routingKeys, Traffic } from './traffic.fixture';

const HOUR_MS = 3_600_000;
const ALERTS = 60;
const EVENTS_PER_ALERT = 6;
/** Backoff, circuit breaker and takeover of lanes take seconds; the clock jumps by hours. */
const SOON_MS = 60_000;

describe('while the clock of every host', () => {
  let folder: RunFolder;
  let clock: JumpingClock;
  let relay: PrivateRelay;

  beforeAll(async () => {
    folder = openRunFolder('e2e-clock-jumps');
    clock = new JumpingClock(folder.path);
    relay = await PrivateRelay.start('e2e-clock-jumps', { gatewayEnv: clock.env });
  });
  afterAll(async () => {
    await relay.stop();
    folder.remove();
  });

  const trafficOf = (prefix: string) =>
    new Traffic({
      gatewayUrl: relay.gatewayUrl,
      simulatorUrl: relay.simulatorUrl,
      alerts: ALERTS,
      eventsPerAlert: EVENTS_PER_ALERT,
      routingKeys: routingKeys(20),
      senders: 16,
      prefix,
    });

  it.each([
    ['is set back two hours', 'back', -2 * HOUR_MS],
    ['is set forward three days and an hour', 'forward', 73 * HOUR_MS],
  ])(
    '%s, delivery continues in order within a minute, and no event becomes a dead letter',
    async (_, prefix, jump) => {
      await clock.set(0, [relay.gateway]);
      const workers = [await relay.startWorker({ env: clock.env }), await relay.startWorker({ env: clock.env })];

      // Some events are delivered, some have failed and wait for PagerDuty, some are being sent.
      const before = trafficOf(`${prefix}-before`);
      await before.send(ALERTS / 3);
      await before.delivered(SOON_MS);
      await relay.control('POST', '/faults', {
        id: 'down',
        match: { path: '/v2/*' },
        effect: { kind: 'status', status: 503 },
      });
      await before.send(ALERTS / 3);
      const [, sent] = [await clock.set(jump, [relay.gateway, ...workers]), before.send()];
      await relay.control('DELETE', '/faults/down');
      await sent;
      const startedAt = performance.now();
      await before.delivered(SOON_MS);

      // A killed worker is detected after the jump as before it.
      await workers[0]?.kill();
      const after = trafficOf(`${prefix}-after`);
      await after.send();
      await after.delivered(SOON_MS);
      const took = Math.round(performance.now() - startedAt);

      const { dead } = await waitForQueues(relay, 'empty', ({ queued }) => queued === 0);
      for (const traffic of [before, after]) {
        await traffic.collect();
        expect({ ...traffic.ledger.report(), dead }).toMatchObject({
          accepted: ALERTS * EVENTS_PER_ALERT,
          lost: [],
          unexpected: [],
          inversions: [],
          replays: [],
          dead: 0,
        });
      }
      printFigures(`clock ${prefix}`, { events: 2 * ALERTS * EVENTS_PER_ALERT, 'ms after the jump': took });
      for (const worker of relay.workers.splice(0)) await worker.stop();
    },
    4 * SOON_MS,
  );
});
