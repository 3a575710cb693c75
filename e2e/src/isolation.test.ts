import { EVENTS, laneOf } from '@pdaltagent/messaging';
import { Relay } from './relay.fixture';
import { Traffic } from './traffic.fixture';

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

  it('delays no other key of its lane, and keeps the order of its own alerts, also over a crash of the worker', async () => {
    if (QUIET === undefined) throw new Error('no key shares the lane');
    const limit = { eventsPerMinuteByKey: { [NOISY]: 60 } };
    await relay.control('PATCH', '/settings', limit);
    const shared = { gatewayUrl: relay.gatewayUrl, simulatorUrl: relay.simulatorUrl };
    const noisy = new Traffic({
      ...shared,
      alerts: 100,
      eventsPerAlert: 10,
      routingKeys: [NOISY],
      senders: 32,
      prefix: 'noisy',
    });
    await noisy.send();
    const worker = await relay.startWorker();
    await worker.logged('that the key stands aside', ({ message }) => message.startsWith('key set aside'));

    const quiet = new Traffic({
      ...shared,
      alerts: 10,
      eventsPerAlert: 10,
      routingKeys: [QUIET],
      senders: 4,
      prefix: 'quiet',
    });
    await quiet.send();
    await quiet.delivered(10_000);
    expect(quiet.ledger.report()).toMatchObject({ lost: [], inversions: [] });
    await worker.kill();
    await relay.startWorker();
    const more = new Traffic({
      ...shared,
      alerts: 10,
      eventsPerAlert: 10,
      routingKeys: [QUIET],
      senders: 4,
      prefix: 'later',
    });
    await more.send();
    await more.delivered(15_000);

    await relay.control('PATCH', '/settings', { eventsPerMinuteByKey: { [NOISY]: null } });
    await noisy.delivered(100_000);
    expect(noisy.ledger.report()).toMatchObject({
      accepted: 1_000,
      lost: [],
      unexpected: [],
      inversions: [],
      replays: [],
    });
  }, 240_000);
});
