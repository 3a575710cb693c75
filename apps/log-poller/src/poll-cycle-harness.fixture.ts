import { type Clock, SYSTEM_CLOCK } from '@pdaltagent/clock';
import { GetClient } from '@pdaltagent/http';
import { NO_JOURNAL } from '@pdaltagent/journal';
import { type OutgoingMessage, Publisher, WEBHOOKS } from '@pdaltagent/messaging';
import { LogEntriesApi, PAGE_BYTES_LIMIT, WindowReader } from '@pdaltagent/rest-api';
import { Cursor, SeenEntries, Store } from '@pdaltagent/store';
import { parseDestinations } from '@pdaltagent/webhooks';
import { Registry } from 'prom-client';
import { setTimeout as delay } from 'node:timers/promises';
import { Clocks } from './clocks';
import { Counters } from './counters';
import { RecordingLog } from './recording-log.fixture';
import { Lanes } from './lanes.fixture';
import { EntryPublisher } from './entry-publisher';
import { WebhookPublisher } from './webhook-publisher';
import { PollCycle, type PollCycleOptions } from './poll-cycle';
import { drainDeadLetters } from './poll-cycle.fixture';
import { UnconvertibleEntries } from './unconvertible-entries';

interface Servers {
  readonly amqpUrl: string;
  readonly redisUrl: string;
}

/** The server from which log entries are read. */
interface LogServer {
  readonly url: string;
}

export interface NewCycleOptions extends Partial<PollCycleOptions> {
  readonly store?: Store;
  readonly urls?: string;
  readonly webhookPublisher?: WebhookPublisher;
  readonly services?: readonly string[];
  readonly onPublished?: (message: OutgoingMessage) => void;
  readonly clock?: Clock;
}

/** Set-up for tests of a poll cycle: empty lanes, an empty Redis, and cycles as a new process has them. */
export class PollCycleHarness {
  readonly log = new RecordingLog();
  readonly #stores: Store[] = [];
  readonly #httpClients: GetClient[] = [];

  private constructor(
    private readonly servers: Servers,
    private readonly server: LogServer,
    readonly publisher: Publisher,
    readonly lanes: Lanes,
  ) {}

  static async open(servers: Servers, server: LogServer, publisher: Publisher): Promise<PollCycleHarness> {
    const lanes = await Lanes.openEmpty(servers.amqpUrl);
    await drainDeadLetters(servers.amqpUrl);
    const harness = new PollCycleHarness(servers, server, publisher, lanes);
    const store = await harness.newStore();
    await store.run((redis) => redis.flushdb());
    return harness;
  }

  async close(): Promise<void> {
    for (const httpClient of this.#httpClients) httpClient.close();
    for (const store of this.#stores) store.close();
    await this.lanes.close();
  }

  async newStore(): Promise<Store> {
    const store = new Store({ url: this.servers.redisUrl, name: 'test', log: new RecordingLog() });
    this.#stores.push(store);
    store.start();
    while (store.state() !== 'connected') await delay(20);
    return store;
  }

  /** A cycle as a new process has it. */
  async newCycle(options: NewCycleOptions = {}): Promise<PollCycle> {
    const {
      store = await this.newStore(),
      urls = 'http://receiver.test/hook',
      webhookPublisher,
      services,
      clock = SYSTEM_CLOCK,
      journal = NO_JOURNAL,
      onPublished = () => undefined,
      ...rest
    } = options;
    const destinations = parseDestinations(urls) ?? [];
    const httpClient = new GetClient({ maxSockets: 2, attemptTimeoutMs: 30_000, responseLimit: PAGE_BYTES_LIMIT });
    this.#httpClients.push(httpClient);
    const api = new LogEntriesApi({
      httpClient,
      baseUrl: this.server.url,
      token: 'token',
      all: false,
      spacingMs: 0,
      clock,
    });
    const clocks = new Clocks({ clock, api, log: this.log });
    const counters = new Counters(new Registry(), clocks);
    return new PollCycle({
      clocks,
      reader: new WindowReader({ api, log: this.log, delays: { baseMs: 1, capMs: 5, refusedMs: 5 } }),
      entryPublisher: new EntryPublisher({
        webhookPublisher:
          webhookPublisher ??
          new WebhookPublisher({
            publisher: this.publisher,
            destinations: () => destinations,
            config: {},
            onPublished,
          }),
        unconvertible: new UnconvertibleEntries(this.publisher),
        seen: new SeenEntries(store, 3_600),
        services: services && new Set(services),
        counters,
        journal,
        log: this.log,
      }),
      cursor: new Cursor(store),
      overlapMs: 60_000,
      since: undefined,
      counters,
      journal,
      log: this.log,
      ...rest,
    });
  }
}

/** Resolves once it is connected. */
export async function openPublisher(amqpUrl: string): Promise<Publisher> {
  const log = new RecordingLog();
  const publisher = new Publisher({ url: amqpUrl, name: 'test', laneGroup: WEBHOOKS, queueType: 'quorum', log });
  publisher.start();
  while (publisher.state() !== 'connected') await delay(20);
  return publisher;
}

export const ids = (entries: readonly { readonly id: string }[]) => entries.map(({ id }) => id);
export const testTimeout = () => AbortSignal.timeout(150_000);
export const ofOneIncident = () => ({ incident: { id: 'P1' } });
