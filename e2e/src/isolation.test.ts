import { EVENTS, laneOf } from '@pdaltagent/messaging';
import { figure, holdsEvents, SCENARIO_MS, STEP_MS, tell } from './faults.fixture';
import { Relay } from './relay.fixture';
import { Traffic } from './traffic.fixture';

/** So few that the noisy backlog lasts for a quarter of an hour: whoever waits behind it is late, on any machine. */
const NOISY_PER_MINUTE = 60;
const NOISY = 'noisy'.padEnd(32, 'x');

/** Another key of the same lane: isolation between lanes would prove little. */
const QUIET = Array.from({ length: 10_000 }, (_, index) => `quiet${index}`.padEnd(32, 'x')).find(
  (key) => laneOf(EVENTS, key) === laneOf(EVENTS, NOISY),
);

describe('a routing key that PagerDuty throttles', () => {
  let relay: Relay;

  beforeAll(async () => {
    relay = await Relay.start('e2e-isolation');
  });
  afterAll(() => relay.stop());

  const traffic = (prefix: string, routingKey: string, alerts: number) =>
    new Traffic({
      gatewayUrl: relay.gatewayUrl,
      simulatorUrl: relay.simulatorUrl,
      alerts,
      eventsPerAlert: 10,
      routingKeys: [routingKey],
      senders: 16,
      prefix,
    });

  it(
    'delays no other key of its lane, and keeps the order of its own alerts, also over a crash of the worker',
    async () => {
      if (QUIET === undefined) throw new Error('no key shares the lane');
      await relay.control('PATCH', '/settings', { eventsPerMinuteByKey: { [NOISY]: NOISY_PER_MINUTE } });
      const noisy = traffic('noisy', NOISY, 100);
      await noisy.send();
      const worker = await relay.startWorker();
      await worker.logged('that the key stands aside', ({ message }) => message.startsWith('key set aside'), STEP_MS);
      const overtakes = async (prefix: string, key: string) => {
        const quiet = traffic(prefix, key, 10);
        await quiet.send();
        await quiet.delivered(STEP_MS);
        expect(quiet.ledger.report()).toMatchObject({ accepted: 100, lost: [], inversions: [], replays: [] });
        await noisy.collect();
        const { accepted, delivered } = noisy.ledger.report();
        return accepted - delivered;
      };

      const overtaken = [await overtakes('quiet', QUIET)];
      const held = await holdsEvents(worker);
      await worker.kill();
      const successor = await relay.startWorker();
      overtaken.push(await overtakes('later', QUIET));
      const throttled = await relay.answered(429);

      // The rate that it has learnt ends with it: the rest need not wait for it.
      const delivered = await figure(successor, 'pdaltagent_delivered_total');
      await successor.kill();
      await relay.control('PATCH', '/settings', { eventsPerMinuteByKey: { [NOISY]: null } });
      await relay.startWorker();
      await noisy.delivered(STEP_MS);
      tell('isolation', {
        'events overtaken': overtaken,
        throttled,
        'held at the kill': held,
        'then delivered': delivered,
      });
      expect(noisy.ledger.report()).toMatchObject({
        accepted: 1_000,
        lost: [],
        unexpected: [],
        inversions: [],
        replays: [],
      });
      expect(Math.min(...overtaken, throttled, held)).toBeGreaterThan(0);
    },
    SCENARIO_MS,
  );
});
