import { connectToBroker, testServers, waitUntil } from '@pdaltagent/testing';
import { DELIVERED, event, Markers, publish, sequences, TestWorker } from './lane-worker.fixture';
import { declareTopology } from './declare-topology';
import { EVENTS } from './topology';

let url: string;

beforeEach(async () => {
  url = (await testServers()).amqpUrl;
  const connection = await connectToBroker(url);
  await declareTopology(connection, EVENTS, 'quorum');
  await connection.close();
});

it('events that are in their lane twice are delivered once, although neither copy was delivered when they arrived', async () => {
  const events = Array.from({ length: 10 }, (_, sequence) => event('disk', sequence));
  await publish(url, events);
  await publish(
    url,
    events.map((message) => ({ ...message, maybeDuplicate: true })),
  );
  const repeated: string[] = [];
  const test = new TestWorker(
    url,
    async () => {
      await bothHeld;
      return DELIVERED;
    },
    {
      observer: {
        onAttempted: () => undefined,
        onInterrupted: () => undefined,
        onDelivered: () => undefined,
        onDuplicateDropped: ({ id }) => repeated.push(id),
        onDeadLettered: () => undefined,
      },
    },
  );
  const bothHeld = waitUntil(() => test.worker.dispatcher.held === 10, { what: 'one of both copies to be held' });
  await bothHeld;
  await publish(url, [event('disk', 10)]);
  await waitUntil(() => test.delivered.length >= 11, {
    what: 'everything to leave',
    timeoutMs: 60_000,
  });
  await test.worker.stop();
  expect([...sequences(test.delivered).values()]).toEqual([[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]]);
  expect(repeated).toEqual([]);
});

it.each(['the worker that delivered it', 'another worker'])(
  'a late, unflagged copy of a trigger is not sent after its resolve, by %s',
  async (who) => {
    const markers = new Markers();
    const [trigger, resolve, next] = [0, 1, 2].map((sequence) => event(`late ${who}`, sequence));
    if (trigger === undefined || resolve === undefined || next === undefined) throw new Error('three events');
    let test = new TestWorker(url, () => DELIVERED, { markers });
    await publish(url, [trigger, resolve]);
    await waitUntil(() => test.delivered.length === 2, { what: 'the delivery' });
    if (who === 'another worker') {
      await test.worker.stop();
      test = new TestWorker(url, () => DELIVERED, { markers });
    }
    await publish(url, [trigger, next]);
    await waitUntil(() => test.delivered.some(({ id }) => id === next.id), { what: 'the next event' });
    await test.worker.stop();
    expect(test.delivered.filter(({ id }) => id === trigger.id)).toHaveLength(who === 'another worker' ? 0 : 1);
  },
);
