import { type Publisher } from '@pdaltagent/messaging';
import { StoreError } from '@pdaltagent/store';
import {
  LogEntriesServer,
  openRunFolder,
  type RabbitMQ,
  type RunFolder,
  startRabbitMQ,
  testServers,
  waitUntil,
} from '@pdaltagent/testing';
import { ids, openPublisher, PollCycleHarness, testTimeout } from './poll-cycle-harness.fixture';
import { drainDeadLetters } from './poll-cycle.fixture';

const MAX_BYTES = 20_000;

let folder: RunFolder;
let broker: RabbitMQ;
let server: LogEntriesServer;
let publisher: Publisher;

beforeAll(async () => {
  folder = openRunFolder('round-message-size');
  // Its own broker, because the maximum size applies to all virtual hosts.
  broker = await startRabbitMQ({ folder: folder.path });
  await broker.setMaxMessageSize(MAX_BYTES);
  server = new LogEntriesServer();
  await server.start();
  publisher = await openPublisher(broker.url);
});
afterAll(async () => {
  await publisher.close();
  await server.stop();
  await broker.stop();
  folder.remove();
});

it('a log entry whose webhook is too large for the broker becomes a dead letter that says so, and blocks no other', async () => {
  const { redisUrl } = await testServers();
  const harness = await PollCycleHarness.open({ amqpUrl: broker.url, redisUrl }, server, publisher);
  try {
    const entries = server.add(20, (index) => ({
      incident: { id: `P${index % 4}` },
      ...(index === 7 ? { channel: { type: 'note', content: 'x'.repeat(MAX_BYTES) } } : {}),
    }));
    const large = entries[7]?.id;
    const cycle = await harness.newCycle();
    // As the poller does: a cycle that the broker aborted is repeated.
    const isComplete = () =>
      publisher.state() === 'connected' &&
      cycle.run(testTimeout()).then(
        () => true,
        (error: unknown) => {
          if (error instanceof StoreError) throw error;
          return false;
        },
      );
    await waitUntil(isComplete, { what: 'a cycle to be completed' });
    await waitUntil(() => new Set(harness.lanes.entryIds()).size === 19, { what: 'all other webhooks' });
    expect(new Set(harness.lanes.entryIds())).toEqual(new Set(ids(entries).filter((id) => id !== large)));
    const deadLetters = await drainDeadLetters(broker.url);
    expect(deadLetters.map(({ properties }): unknown => properties.messageId)).toEqual([large]);
    expect(String(deadLetters[0]?.properties.headers?.dead_answer)).toContain('max_message_size');
    await cycle.run(testTimeout());
    expect(await drainDeadLetters(broker.url)).toEqual([]);
  } finally {
    await harness.close();
  }
});
