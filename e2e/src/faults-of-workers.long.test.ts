import { closeDam, figure, figureToBe, holdsEvents, openDam, SCENARIO_MS, STEP_MS, survives } from './faults.fixture';
import { Relay } from './relay.fixture';

const KILLS = 12;
const LANES = 32;

describe('20,000 events arrive, none lost and each alert in order, while', () => {
  let relay: Relay;

  beforeAll(async () => {
    relay = await Relay.start('e2e-workers');
  });
  afterAll(() => relay.stop());

  it(
    'a worker is killed every second',
    () =>
      survives(relay, 'worker-kills', async (traffic) => {
        await closeDam(relay, traffic);
        let [older, newer] = [await relay.startWorker(), await relay.startWorker()];
        const sent = traffic.send();
        const held: number[] = [];
        while (held.length < KILLS) {
          held.push(await holdsEvents(older));
          await older.kill();
          [older, newer] = [newer, await relay.startWorker()];
        }
        await openDam(relay);
        await sent;
        return { kills: held.length, 'unacknowledged at each': held };
      }),
    SCENARIO_MS,
  );

  it(
    'workers are added and removed',
    () =>
      survives(relay, 'scaling', async (traffic) => {
        await closeDam(relay, traffic);
        const first = await relay.startWorker();
        const sent = traffic.send();
        await holdsEvents(first);
        const others = await Promise.all([relay.startWorker(), relay.startWorker(), relay.startWorker()]);
        const workers = [first, ...others];
        const lanes = await Promise.all(
          workers.map((worker) => figureToBe(worker, 'pdaltagent_lanes', (count) => count > 0 && count < LANES)),
        );
        await Promise.all(
          workers.map((worker) => figureToBe(worker, 'pdaltagent_delivered_total', (count) => count > 0)),
        );
        const held: number[] = [];
        const delivered: number[] = [];
        for (const worker of others) {
          held.push(await holdsEvents(worker));
          delivered.push(await figure(worker, 'pdaltagent_delivered_total'));
          await worker.stop();
        }
        await figureToBe(first, 'pdaltagent_lanes', (count) => count === LANES);
        await openDam(relay);
        await sent;
        delivered.unshift(await figure(first, 'pdaltagent_delivered_total'));
        return { 'delivered by each': delivered, 'lanes of each': lanes, 'held by each when removed': held };
      }),
    SCENARIO_MS,
  );

  it(
    'workers are restarted one after the other',
    () =>
      survives(relay, 'rolling', async (traffic) => {
        await closeDam(relay, traffic);
        const workers = [await relay.startWorker(), await relay.startWorker(), await relay.startWorker()];
        const sent = traffic.send();
        const held: number[] = [];
        for (const worker of workers) {
          held.push(await holdsEvents(worker));
          await worker.restart();
        }
        const delivered = await Promise.all(
          workers.map((worker) => figureToBe(worker, 'pdaltagent_delivered_total', (count) => count > 0)),
        );
        await openDam(relay);
        await sent;
        return { 'held by each when restarted': held, 'delivered by each since': delivered };
      }),
    SCENARIO_MS,
  );

  it(
    'a worker is paused until its lanes have gone to another, and wakes again',
    () =>
      survives(relay, 'pause', async (traffic) => {
        await closeDam(relay, traffic);
        const [sleeper, other] = [await relay.startWorker(), await relay.startWorker()];
        const sent = traffic.send();
        const held = await holdsEvents(sleeper);
        sleeper.pause();
        await openDam(relay);
        await figureToBe(other, 'pdaltagent_lanes', (count) => count === LANES);
        await sent;
        await traffic.delivered(STEP_MS);
        sleeper.resume();
        await figureToBe(sleeper, 'pdaltagent_lanes', (count) => count > 0);
        return {
          'held when paused': held,
          'delivered by the other': await figure(other, 'pdaltagent_delivered_total'),
        };
      }),
    SCENARIO_MS,
  );
});
