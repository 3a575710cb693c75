import {
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

const KILLS = 12;
const LANES = 32;

describe('20,000 events arrive, none lost and each alert in order, while', () => {
  let relay: PrivateRelay;

  beforeAll(async () => {
    relay = await PrivateRelay.start('e2e-workers');
  });
  afterAll(() => relay.stop());

  it(
    'a worker is killed every second',
    () =>
      survivesFault(relay, 'worker-kills', async (traffic) => {
        await startSlowResponses(relay, traffic);
        let [older, newer] = [await relay.startWorker(), await relay.startWorker()];
        const sent = traffic.send();
        const held: number[] = [];
        while (held.length < KILLS) {
          held.push(await waitForHeldEvents(older));
          await older.kill();
          [older, newer] = [newer, await relay.startWorker()];
        }
        await endSlowResponses(relay);
        await sent;
        return { kills: held.length, 'unacknowledged at each': held };
      }),
    SCENARIO_MS,
  );

  it(
    'workers are added and removed',
    () =>
      survivesFault(relay, 'scaling', async (traffic) => {
        await startSlowResponses(relay, traffic);
        const first = await relay.startWorker();
        const sent = traffic.send();
        await waitForHeldEvents(first);
        const others = await Promise.all([relay.startWorker(), relay.startWorker(), relay.startWorker()]);
        const workers = [first, ...others];
        const lanes = await Promise.all(
          workers.map((worker) => waitForMetric(worker, 'pdaltagent_lanes', (count) => count > 0 && count < LANES)),
        );
        await Promise.all(
          workers.map((worker) => waitForMetric(worker, 'pdaltagent_delivered_total', (count) => count > 0)),
        );
        const held: number[] = [];
        const delivered: number[] = [];
        for (const worker of others) {
          held.push(await waitForHeldEvents(worker));
          delivered.push(await metric(worker, 'pdaltagent_delivered_total'));
          await worker.stop();
        }
        await waitForMetric(first, 'pdaltagent_lanes', (count) => count === LANES);
        await endSlowResponses(relay);
        await sent;
        delivered.unshift(await metric(first, 'pdaltagent_delivered_total'));
        return { 'delivered by each': delivered, 'lanes of each': lanes, 'held by each when removed': held };
      }),
    SCENARIO_MS,
  );

  it(
    'workers are restarted one after another',
    () =>
      survivesFault(relay, 'rolling', async (traffic) => {
        await startSlowResponses(relay, traffic);
        const workers = [await relay.startWorker(), await relay.startWorker(), await relay.startWorker()];
        const sent = traffic.send();
        const held: number[] = [];
        for (const worker of workers) {
          held.push(await waitForHeldEvents(worker));
          await worker.restart();
        }
        const delivered = await Promise.all(
          workers.map((worker) => waitForMetric(worker, 'pdaltagent_delivered_total', (count) => count > 0)),
        );
        await endSlowResponses(relay);
        await sent;
        return { 'held by each when restarted': held, 'delivered by each since': delivered };
      }),
    SCENARIO_MS,
  );

  it(
    'a worker is paused until another one has taken over its lanes, and is resumed',
    () =>
      survivesFault(relay, 'pause', async (traffic) => {
        await startSlowResponses(relay, traffic);
        const [sleeper, other] = [await relay.startWorker(), await relay.startWorker()];
        const sent = traffic.send();
        const held = await waitForHeldEvents(sleeper);
        await sleeper.pause();
        await endSlowResponses(relay);
        await waitForMetric(other, 'pdaltagent_lanes', (count) => count === LANES);
        await sent;
        await traffic.delivered(STEP_MS);
        sleeper.resume();
        await waitForMetric(sleeper, 'pdaltagent_lanes', (count) => count > 0);
        return {
          'held when paused': held,
          'delivered by the other': await metric(other, 'pdaltagent_delivered_total'),
        };
      }),
    SCENARIO_MS,
  );
});
