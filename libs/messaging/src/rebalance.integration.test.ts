import { connectToBroker, FaultProxy, testServers, waitUntil } from '@pdaltagent/testing';
import { setTimeout as delay } from 'node:timers/promises';
import { DELIVERED, event, Markers, publish, sequences, START_MS, TestWorker } from './lane-worker.fixture';
import { type IncomingMessage } from './message';
import { declareTopology } from './declare-topology';
import { EVENTS, laneOf } from './topology';

const KEYS = Array.from({ length: 64 }, (_, index) => `R${String(index).padStart(31, '0')}`);

let url: string;
const markers = new Markers();
/** Which worker is attempting messages of a lane right now. */
const active = new Map<number, { readonly worker: number; attempts: number }>();
const overlaps: string[] = [];
/** The attempts in flight of a worker that was cut off are the only overlap allowed. */
let cutOff: number | undefined;
const delivered: IncomingMessage[] = [];
const workers: TestWorker[] = [];

beforeAll(async () => {
  url = (await testServers()).amqpUrl;
  const connection = await connectToBroker(url);
  await declareTopology(connection, EVENTS, 'quorum');
  await connection.close();
});

function startWorker(through = url): TestWorker {
  const worker = workers.length;
  const test = new TestWorker(
    through,
    async (message) => {
      const lane = laneOf(EVENTS, message.routingKey);
      const known = active.get(lane);
      if (known !== undefined && known.worker !== worker && known.worker !== cutOff)
        overlaps.push(`lane ${lane}: ${known.worker}, ${worker}`);
      const mine = known?.worker === worker ? known : { worker, attempts: 0 };
      active.set(lane, mine);
      mine.attempts += 1;
      await delay(20);
      mine.attempts -= 1;
      if (mine.attempts === 0 && active.get(lane) === mine) active.delete(lane);
      delivered.push(message);
      return DELIVERED;
    },
    { markers },
  );
  workers.push(test);
  return test;
}

/** Waits until these workers share all lanes, one owner each; returns how long that took. */
async function shared(what: string, ...among: readonly TestWorker[]): Promise<string> {
  const startedAt = Date.now();
  const counts = () => among.map(({ worker }) => worker.lanes);
  await waitUntil(() => counts().every((count) => count > 0) && counts().reduce((a, b) => a + b) === EVENTS.lanes, {
    what,
    timeoutMs: START_MS,
  });
  return `${what}: ${((Date.now() - startedAt) / 1000).toFixed(1)} s, lanes ${counts().join(' + ')}`;
}

it('workers join, leave and die under traffic: no two attempt a lane concurrently, and every alert keeps its order', async () => {
  let isPublishing = true;
  let published = 0;
  const traffic = (async () => {
    for (let sequence = 0; isPublishing; sequence += 1) {
      await publish(
        url,
        KEYS.map((key) => event('alert', sequence, key)),
      );
      published = sequence + 1;
    }
  })();
  const first = startWorker();
  const times = [await shared('one worker takes all lanes', first)];
  const second = startWorker();
  times.push(await shared('a second joins', first, second));
  const proxy = await FaultProxy.start(url);
  const third = startWorker(proxy.url(url));
  times.push(await shared('a third joins', first, second, third));
  cutOff = workers.indexOf(third);
  await proxy.stop();
  times.push(await shared('the third is cut off, as when it is killed', first, second));
  const leaving = second.worker.stop();
  times.push(await shared('the second leaves', first));
  await leaving;
  isPublishing = false;
  await traffic;
  const all = published * KEYS.length;
  const distinct = () => new Set(delivered.map(({ id }) => id)).size;
  await waitUntil(() => distinct() === all, { what: 'everything to be delivered' });
  process.stdout.write(`${times.join('\n')}\n${all} events, ${delivered.length - all} delivered twice\n`);
  expect(overlaps).toEqual([]);
  const inOrder = [...new Map(delivered.map((message) => [message.id, message])).values()];
  for (const order of sequences(inOrder).values()) expect(order).toEqual([...order].sort((a, b) => a - b));
  await Promise.all([first, third].map(({ worker }) => worker.stop()));
});
