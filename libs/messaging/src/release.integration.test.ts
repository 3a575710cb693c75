import { connectToBroker, testServers, waitUntil } from '@pdaltagent/testing';
import { setTimeout as delay } from 'node:timers/promises';
import { DELIVERED, event, publish, START_MS, TestWorker, LANES } from './lane-worker.fixture';
import { type DeliveredMarkers } from './delivery-records';
import { declareTopology } from './declare-topology';
import { EVENTS, laneOf } from './topology';

/** As if Redis was unreachable: only the broker knows what was delivered. */
const NO_MARKERS: DeliveredMarkers = { has: () => Promise.resolve(new Set()), mark: () => Promise.resolve() };

/** One of each of 16 lanes. */
const KEYS = Array.from({ length: 16 }, (_unused, lane) => keyOf(lane));

function keyOf(lane: number): string {
  for (let index = 0; ; index += 1) {
    const key = `R${String(index).padStart(31, '0')}`;
    if (laneOf(EVENTS, key) === lane) return key;
  }
}

let url: string;

beforeAll(async () => {
  url = (await testServers()).amqpUrl;
  const connection = await connectToBroker(url);
  await declareTopology(connection, EVENTS, 'quorum');
  await connection.close();
});

it('a worker that stops repeats nothing, even if all its attempts in flight are answered at once', async () => {
  const events = KEYS.slice(0, 8).flatMap((key) =>
    Array.from({ length: LANES.prefetch }, (_, alert) => event(`burst-${alert}`, 0, key)),
  );
  await publish(url, events);
  let respond: () => void = () => undefined;
  const responded = new Promise<void>((resolve) => (respond = resolve));
  const first = new TestWorker(url, () => responded.then(() => DELIVERED), {
    markers: NO_MARKERS,
    concurrency: 2 * events.length,
  });
  await waitUntil(() => first.worker.dispatcher.inFlight === events.length, {
    what: 'all to be in flight',
    timeoutMs: START_MS,
  });
  const stopping = first.worker.stop();
  respond();
  await stopping;
  expect(first.delivered).toHaveLength(events.length);
  const second = new TestWorker(url, () => DELIVERED, { markers: NO_MARKERS });
  const last = KEYS.map((key) => event('last', 0, key));
  await publish(url, last);
  const isLast = ({ id }: { readonly id: string }) => id.includes('/last/');
  await waitUntil(() => second.delivered.filter(isLast).length === last.length, { what: 'what came later' });
  await second.worker.stop();
  expect(second.delivered.filter((message) => !isLast(message))).toHaveLength(0);
});

it('workers that join and leave under load repeat nothing', async () => {
  const workers: TestWorker[] = [];
  const start = (): TestWorker => {
    // Responses come in bursts, as after PagerDuty was slow.
    const respond = () => delay(200 - (Date.now() % 200)).then(() => DELIVERED);
    const test = new TestWorker(url, respond, { markers: NO_MARKERS, concurrency: 1_024 });
    workers.push(test);
    return test;
  };
  const delivered = () => workers.flatMap((test) => test.delivered.map(({ id }) => id));
  let isPublishing = true;
  let published = 0;
  const traffic = (async () => {
    for (let alert = 0; isPublishing; alert += 1) {
      await publish(
        url,
        KEYS.flatMap((key) => Array.from({ length: LANES.prefetch }, (_, index) => event(`${alert}-${index}`, 0, key))),
      );
      published += LANES.prefetch * KEYS.length;
    }
  })();
  const works = (test: TestWorker) =>
    waitUntil(() => test.delivered.length > 200, { what: 'a worker to work', timeoutMs: START_MS });
  let previous = start();
  await works(previous);
  for (let round = 0; round < 3; round += 1) {
    const next = start();
    await works(next);
    await previous.worker.stop();
    previous = next;
  }
  isPublishing = false;
  await traffic;
  await waitUntil(() => new Set(delivered()).size === published, { what: 'everything', timeoutMs: 150_000 });
  await previous.worker.stop();
  process.stdout.write(`${published} events, ${delivered().length - published} delivered twice\n`);
  expect(delivered()).toHaveLength(published);
}, 400_000);
