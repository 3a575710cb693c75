import { type AppProcess, waitUntil } from '@pdaltagent/testing';
import { Relay } from './relay.fixture';
import { routingKeys, Traffic } from './traffic.fixture';

const EVENTS = 20_000;

/** How each fault goes; it resolves once the fault is over, and says what proves that it hit. */
type Fault = (relay: Relay, traffic: Traffic) => Promise<Record<string, number>>;

const acceptedAtLeast = (traffic: Traffic, count: number) =>
  waitUntil(() => traffic.accepted >= count, { what: `${count} accepted events`, timeoutMs: 240_000 });

/** PagerDuty answers a ninth of the alerts so late that a backlog stands, however fast the machine is, until `openDam`. */
const closeDam = (relay: Relay) =>
  relay.control('POST', '/faults', {
    id: 'dam',
    match: { dedupKey: 'alert-1*' },
    effect: { kind: 'latency', ms: 4_000 },
  });
const openDam = (relay: Relay) => relay.control('DELETE', '/faults/dam');

const holdsEvents = (worker: AppProcess) =>
  waitUntil(() => metric(worker, 'pdaltagent_held').then((held) => held > 0 && held), {
    what: 'the worker to hold events',
    timeoutMs: 60_000,
  });

/** A number that an app tells on its admin port. */
async function metric(app: AppProcess, name: string): Promise<number> {
  const text = await (await fetch(`${app.url}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\d+)`, 'm').exec(text)?.[1] ?? 0);
}

const FAULTS: readonly (readonly [string, Fault])[] = [
  [
    'PagerDuty is away for half a minute',
    async (relay, traffic) => {
      const worker = await relay.startWorker();
      await acceptedAtLeast(traffic, 2_000);
      await relay.control('POST', '/down', { mode: 'reset', forMs: 30_000 });
      await worker.logged('that PagerDuty is away', ({ message }) => message.startsWith('destination away'));
      await worker.logged('that PagerDuty is back', ({ message }) => message === 'destination back', 60_000);
      return { outages: 1 };
    },
  ],
  [
    'PagerDuty answers 30 % with errors, resets and lost answers',
    async (relay) => {
      const effects = [{ kind: 'status', status: 503 }, { kind: 'reset' }, { kind: 'lose-answer' }];
      for (const [seed, effect] of effects.entries()) {
        await relay.control('POST', '/faults', { effect, probability: 0.1, seed, forMs: 20_000 });
      }
      const worker = await relay.startWorker();
      const retried = await waitUntil(async () => (await metric(worker, 'pdaltagent_retried_total')) > 500, {
        what: 'retries',
        timeoutMs: 60_000,
      });
      await relay.control('DELETE', '/faults');
      return { retried: Number(retried) };
    },
  ],
  [
    'a worker is killed every second',
    async (relay, traffic) => {
      await closeDam(relay);
      await relay.startWorker();
      let unacknowledged = 0;
      let kills = 0;
      for (let accepted = 2_000; accepted < EVENTS; accepted += 2_000) {
        await acceptedAtLeast(traffic, accepted);
        const worker = relay.workers.at(-1);
        if (worker === undefined) break;
        unacknowledged += await holdsEvents(worker);
        kills += 1;
        await worker.kill();
        await relay.startWorker();
      }
      await openDam(relay);
      return { kills, unacknowledged };
    },
  ],
  [
    'workers are added and removed, and restarted one after the other',
    async (relay, traffic) => {
      await closeDam(relay);
      const first = await relay.startWorker();
      await acceptedAtLeast(traffic, 2_000);
      const others = await Promise.all([relay.startWorker(), relay.startWorker(), relay.startWorker()]);
      const workers = [first, ...others];
      const shared = () => Promise.all(workers.map((worker) => metric(worker, 'pdaltagent_lanes')));
      await waitUntil(async () => (await shared()).every((lanes) => lanes > 0), {
        what: 'every worker to have lanes',
        timeoutMs: 60_000,
      });
      for (const worker of workers) {
        await holdsEvents(worker);
        await worker.restart();
      }
      await openDam(relay);
      const delivered = await Promise.all(workers.map((worker) => metric(worker, 'pdaltagent_delivered_total')));
      for (const worker of others) await worker.stop();
      await waitUntil(async () => (await metric(first, 'pdaltagent_lanes')) === 32, {
        what: 'the last worker to have all lanes',
      });
      return { workersThatDelivered: delivered.filter((count) => count > 0).length };
    },
  ],
  [
    'a worker is paused until its lanes have gone to another, and wakes again',
    async (relay, traffic) => {
      await closeDam(relay);
      const [sleeper, other] = [await relay.startWorker(), await relay.startWorker()];
      await acceptedAtLeast(traffic, 3_000);
      const held = await holdsEvents(sleeper);
      sleeper.pause();
      await openDam(relay);
      await waitUntil(async () => (await metric(other, 'pdaltagent_lanes')) === 32, {
        what: 'the other worker to have all lanes',
      });
      await acceptedAtLeast(traffic, traffic.total);
      await traffic.delivered(240_000);
      sleeper.resume();
      await waitUntil(async () => (await metric(sleeper, 'pdaltagent_lanes')) > 0, {
        what: 'the worker to have lanes again',
      });
      return { held };
    },
  ],
  [
    'the broker is short of memory',
    async (relay, traffic) => {
      await relay.startWorker();
      await acceptedAtLeast(traffic, 2_000);
      await relay.broker.setMemoryAlarm(true);
      await acceptedAtLeast(traffic, 3_000);
      await relay.broker.setMemoryAlarm(false);
      return { alarms: 1 };
    },
  ],
];

describe('20,000 events arrive, none lost and each alert in order, while', () => {
  let relay: Relay;

  beforeAll(async () => {
    relay = await Relay.start('e2e-faults');
  });
  afterEach(async () => {
    for (const worker of relay.workers.splice(0)) await worker.stop();
    await relay.control('POST', '/reset');
  });
  afterAll(() => relay.stop());

  it.each(FAULTS)(
    '%s',
    async (_name, fault) => {
      const traffic = new Traffic({
        gatewayUrl: relay.gatewayUrl,
        simulatorUrl: relay.simulatorUrl,
        alerts: EVENTS / 20,
        eventsPerAlert: 20,
        routingKeys: routingKeys(40),
        senders: 32,
      });
      const sent = traffic.send();
      const hits = await fault(relay, traffic);
      await sent;
      await traffic.delivered(240_000);
      expect(traffic.ledger.report()).toMatchObject({
        accepted: EVENTS,
        lost: [],
        unexpected: [],
        inversions: [],
        replays: [],
      });
      for (const [what, count] of Object.entries(hits)) expect([what, count > 0]).toEqual([what, true]);
    },
    420_000,
  );
});
