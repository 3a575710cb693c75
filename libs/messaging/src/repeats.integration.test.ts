import { testServers, waitUntil } from '@pdaltagent/testing';
import { connect } from 'amqplib';
import { DELIVERED, event, publish, sequences, TestWorker } from './lane-worker.fixture';
import { declareTopology, EVENTS } from './topology';

it('events that stand in their lane twice are not played again, though neither copy was delivered when they came', async () => {
  const url = (await testServers()).amqpUrl;
  const connection = await connect(url);
  await declareTopology(connection, EVENTS, 'quorum');
  await connection.close();
  const events = Array.from({ length: 10 }, (_, sequence) => event('disk', sequence));
  await publish(url, events);
  await publish(
    url,
    events.map((message) => ({ ...message, again: true })),
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
        attempted: () => undefined,
        interrupted: () => undefined,
        delivered: () => undefined,
        repeated: ({ id }) => repeated.push(id),
        buried: () => undefined,
      },
    },
  );
  const bothHeld = waitUntil(() => test.worker.dispatcher.held === 20, { what: 'both copies to be held' });
  await bothHeld;
  await publish(url, [event('disk', 10)]);
  await waitUntil(() => test.delivered.length + repeated.length >= 21, {
    what: 'everything to leave',
    timeoutMs: 60_000,
  });
  await test.worker.stop();
  expect([...sequences(test.delivered).values()]).toEqual([[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]]);
  expect(repeated).toEqual(events.map(({ id }) => id));
});
