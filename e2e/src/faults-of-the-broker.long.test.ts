import { waitUntil } from '@pdaltagent/testing';
import {
  ALERTS,
  endSlowResponses,
  metric,
  SCENARIO_MS,
  startSlowResponses,
  STEP_MS,
  survivesFault,
  waitForHeldEvents,
  waitForMetric,
} from './faults.fixture';
import { PrivateRelay } from './relay.fixture';

const KILLS = 4;

describe('20,000 events arrive, none lost and each alert in order, while', () => {
  let relay: PrivateRelay;

  beforeAll(async () => {
    relay = await PrivateRelay.start('e2e-broker');
  });
  afterAll(() => relay.stop());

  /** Waits until the gateway has switched this many times. */
  const gatewayGoes = (route: 'to the spool' | 'directly to the broker', times: number) =>
    waitUntil(() => relay.gateway.lines.filter(({ message }) => message === `events go ${route}`).length >= times, {
      what: `events to go ${route} for the ${times}. time`,
      timeoutMs: STEP_MS,
    });

  it(
    'the broker is killed repeatedly',
    () =>
      survivesFault(relay, 'broker-kills', async (traffic) => {
        await startSlowResponses(relay, traffic);
        const worker = await relay.startWorker();
        const held: number[] = [];
        while (held.length < KILLS) {
          const sent = traffic.send(ALERTS / KILLS);
          held.push(await waitForHeldEvents(worker));
          await relay.broker.kill();
          await gatewayGoes('to the spool', held.length);
          await relay.broker.restart();
          await sent;
          await gatewayGoes('directly to the broker', held.length + 1);
        }
        await endSlowResponses(relay);
        // While the broker was down, events went to the spool: none was refused.
        expect(traffic.refused).toBe(0);
        return { kills: held.length, 'unacknowledged at each': held };
      }),
    SCENARIO_MS,
  );

  it.each(['memory', 'disk'] as const)(
    'the broker is short of %s',
    (resource) =>
      survivesFault(relay, `${resource}-alarm`, async (traffic) => {
        await startSlowResponses(relay, traffic);
        const worker = await relay.startWorker();
        await traffic.send(ALERTS / 4);
        const held = await waitForHeldEvents(worker);
        await relay.broker.setAlarm(resource, true);
        await traffic.send(ALERTS / 2);
        const spooled = await metric(relay.gateway, 'pdaltagent_gateway_spool_entries');
        const before = await metric(worker, 'pdaltagent_delivered_total');
        const delivered = await waitForMetric(worker, 'pdaltagent_delivered_total', (count) => count > before);
        await relay.broker.setAlarm(resource, false);
        await traffic.send();
        await endSlowResponses(relay);
        return { 'held before': held, 'in the spool': spooled, 'delivered meanwhile': delivered - before };
      }),
    SCENARIO_MS,
  );
});
