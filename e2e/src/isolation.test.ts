import { EVENTS, laneOf } from '@pdaltagent/messaging';
import { type AppProcess } from '@pdaltagent/testing';
import { metric, printFigures, SCENARIO_MS, STEP_MS, waitForHeldEvents, waitForMetric } from './faults.fixture';
import { Relay } from './relay.fixture';
import { Traffic } from './traffic.fixture';

/** So low that the noisy backlog takes a quarter of an hour: an event that waits for it is late on any machine. */
const NOISY_PER_MINUTE = 60;
const NOISY = 'noisy'.padEnd(32, 'x');

/** Another key of the same lane, because different lanes are isolated anyway. */
const QUIET = sameLane('quiet');

function sameLane(name: string): string {
  return keysOfLane(name)[0] ?? '';
}

function keysOfLane(name: string): readonly string[] {
  const keys = Array.from({ length: 10_000 }, (_, index) => `${name}${index}`.padEnd(32, 'x'));
  return keys.filter((key) => laneOf(EVENTS, key) === laneOf(EVENTS, NOISY));
}

let relay: Relay;

beforeAll(async () => {
  relay = await Relay.start('e2e-isolation');
});
afterEach(async () => {
  for (const worker of relay.workers.splice(0)) await worker.stop();
  await relay.control('POST', '/reset');
});
afterAll(() => relay.stop());

describe('a routing key that PagerDuty throttles', () => {
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
    'delays no other key of its lane, and keeps the order of its own alerts, even if the worker crashes',
    async () => {
      await relay.control('PATCH', '/settings', { eventsPerMinuteByKey: { [NOISY]: NOISY_PER_MINUTE } });
      const noisy = traffic('noisy', NOISY, 100);
      await noisy.send();
      const worker = await relay.startWorker();
      await worker.logged('that the key is parked', ({ message }) => message.startsWith('key parked'), STEP_MS);
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
      const held = await waitForHeldEvents(worker);
      await worker.kill();
      const successor = await relay.startWorker();
      overtaken.push(await overtakes('later', QUIET));
      const throttled = await relay.respondedWith(429);

      // The rate that it has learned is lost with it, so the remaining events need not wait for it.
      const delivered = await metric(successor, 'pdaltagent_delivered_total');
      await successor.kill();
      await relay.control('PATCH', '/settings', { eventsPerMinuteByKey: { [NOISY]: null } });
      await relay.startWorker();
      await noisy.delivered(STEP_MS);
      printFigures('isolation', {
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

describe('a routing key whose posts hang', () => {
  const HANGING = sameLane('hanging');
  /** Longer than this test runs. */
  const NO_TIMEOUT = { PDAGENTD_ATTEMPT_TIMEOUT_MS: '3600000' };
  const attempts = (worker: AppProcess, outcome: string) =>
    metric(worker, `pdaltagent_attempts_total{outcome="${outcome}"}`);

  it(
    'delays no other key of its lane until they time out, even if the worker crashes while it is being parked',
    async () => {
      const hanging = { id: 'hanging', match: { routingKey: HANGING }, effect: { kind: 'hang' } };
      await relay.control('POST', '/faults', hanging);
      const shared = { gatewayUrl: relay.gatewayUrl, simulatorUrl: relay.simulatorUrl, senders: 16 };
      const noisy = new Traffic({ ...shared, alerts: 200, eventsPerAlert: 5, routingKeys: [HANGING], prefix: 'noisy' });
      const quiet = new Traffic({ ...shared, alerts: 10, eventsPerAlert: 10, routingKeys: [QUIET], prefix: 'quiet' });
      await noisy.send();
      await quiet.send();

      const crashing = await relay.startWorker({ env: NO_TIMEOUT });
      await crashing.logged('that the key is parked', ({ message }) => message.startsWith('key parked'), STEP_MS);
      await crashing.kill();
      const worker = await relay.startWorker({ env: NO_TIMEOUT });
      await quiet.delivered(STEP_MS);
      const interrupted = await attempts(worker, 'interrupted');
      expect(await attempts(worker, 'failed')).toBe(0);
      await noisy.collect();
      expect(noisy.ledger.report()).toMatchObject({ accepted: 1_000, delivered: 0 });
      const hung = await relay.hits('hanging');

      // Its only attempt would hang for an hour.
      await worker.kill();
      await relay.control('DELETE', '/faults');
      await relay.startWorker();
      await noisy.delivered(STEP_MS);
      printFigures('hanging', { hung, interrupted });
      for (const { ledger } of [quiet, noisy]) {
        expect(ledger.report()).toMatchObject({ lost: [], unexpected: [], inversions: [], replays: [] });
      }
      expect(hung).toBeGreaterThan(0);
    },
    SCENARIO_MS,
  );
});

describe('routing keys that fail while nothing else is sent to PagerDuty', () => {
  it.each([
    ['one that gets errors only', { kind: 'status', status: 503 }, [NOISY]],
    ['one whose posts hang until the timeout', { kind: 'hang' }, [NOISY]],
    ['two of one lane', { kind: 'status', status: 503 }, [NOISY, sameLane('second')]],
  ])(
    '%s: delay no other key of their lane, and lose nothing',
    async (_name, effect, failing) => {
      for (const routingKey of failing) await relay.control('POST', '/faults', { match: { routingKey }, effect });
      const shared = { gatewayUrl: relay.gatewayUrl, simulatorUrl: relay.simulatorUrl, senders: 16 };
      // Of each key more than the window of the lane: fewer would not be in the way.
      const noisy = new Traffic({ ...shared, alerts: 600, eventsPerAlert: 2, routingKeys: failing, prefix: 'noisy' });
      await noisy.send();
      const worker = await relay.startWorker({ env: { PDAGENTD_ATTEMPT_TIMEOUT_MS: '4000' } });
      // A key of the case before may still be parked, which is not logged again.
      await waitForMetric(worker, 'pdaltagent_keys_aside', (keys) => keys >= failing.length);
      const quiet = new Traffic({ ...shared, alerts: 10, eventsPerAlert: 10, routingKeys: [QUIET], prefix: 'quiet' });
      await quiet.send();
      await quiet.delivered(STEP_MS);
      await noisy.collect();
      expect(noisy.ledger.report()).toMatchObject({ accepted: 1_200, delivered: 0 });
      await relay.control('DELETE', '/faults');
      await noisy.delivered(STEP_MS);
      for (const { ledger } of [quiet, noisy]) {
        expect(ledger.report()).toMatchObject({ lost: [], unexpected: [], inversions: [], replays: [] });
      }
    },
    SCENARIO_MS,
  );
});

describe('ten routing keys of one lane', () => {
  const TEN = keysOfLane('ten').slice(0, 10);

  it.each([
    ['whose events are accepted slowly, one after another', { kind: 'latency', ms: 2_000 }],
    ['whose posts hang', { kind: 'hang' }],
    ['that PagerDuty throttles', { kind: 'status', status: 429 }],
  ])(
    '%s: delay no other key of their lane, and lose nothing',
    async (_name, effect) => {
      for (const routingKey of TEN) await relay.control('POST', '/faults', { match: { routingKey }, effect });
      const shared = { gatewayUrl: relay.gatewayUrl, simulatorUrl: relay.simulatorUrl };
      // Each alert takes more than three minutes, or never ends.
      const noisy = new Traffic({
        ...shared,
        alerts: 20,
        eventsPerAlert: 100,
        routingKeys: TEN,
        senders: 20,
        prefix: 'noisy',
      });
      const quiet = new Traffic({
        ...shared,
        alerts: 10,
        eventsPerAlert: 10,
        routingKeys: [QUIET],
        senders: 10,
        prefix: 'quiet',
      });
      const worker = await relay.startWorker();
      await noisy.send();
      await quiet.send();
      await quiet.delivered(STEP_MS);
      await noisy.collect();
      const { accepted, delivered } = noisy.ledger.report();
      printFigures('ten noisy keys', {
        'events overtaken': accepted - delivered,
        parked: await metric(worker, 'pdaltagent_keys_aside'),
      });
      expect(accepted - delivered).toBeGreaterThan(0);
      await worker.kill();
      await relay.control('DELETE', '/faults');
      await relay.startWorker();
      await noisy.delivered(STEP_MS);
      for (const { ledger } of [quiet, noisy]) {
        expect(ledger.report()).toMatchObject({ lost: [], unexpected: [], inversions: [], replays: [] });
      }
    },
    SCENARIO_MS,
  );
});
