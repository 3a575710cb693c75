import { type Publisher } from '@pdaltagent/messaging';
import { LogEntriesServer, testServers, type TestServers, waitUntil } from '@pdaltagent/testing';
import { openPublisher, PollCycleHarness } from './poll-cycle-harness.fixture';

/** What each test of a poll cycle has. */
export interface PollCycleTest {
  readonly servers: TestServers;
  /** PagerDuty, whose log is empty at the beginning. */
  readonly server: LogEntriesServer;
  readonly harness: PollCycleHarness;
  /** Resolves once this many webhooks are on the lanes. */
  arrived(count: number): Promise<unknown>;
}

/** Registers the hooks that provide it. */
export function pollCycleTest(): PollCycleTest {
  let servers: TestServers;
  let publisher: Publisher;
  let server: LogEntriesServer;
  let harness: PollCycleHarness;
  beforeAll(async () => {
    servers = await testServers();
    publisher = await openPublisher(servers.amqpUrl);
  });
  beforeEach(async () => {
    server = new LogEntriesServer();
    await server.start();
    harness = await PollCycleHarness.open(servers, server, publisher);
  });
  afterEach(async () => {
    await harness.close();
    await server.stop();
  });
  afterAll(() => publisher.close());
  return {
    get servers() {
      return servers;
    },
    get server() {
      return server;
    },
    get harness() {
      return harness;
    },
    arrived: (count) =>
      waitUntil(() => harness.lanes.messages.length >= count, { what: `${count} webhooks on the lanes` }),
  };
}
