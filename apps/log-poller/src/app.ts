import { SYSTEM_CLOCK } from '@pdaltagent/clock';
import { GetClient } from '@pdaltagent/http';
import { MessageReferences, openJournal } from '@pdaltagent/journal';
import { amqplibConnect, laneOfMessage, Publisher, WEBHOOKS } from '@pdaltagent/messaging';
import { LogEntriesApi, PAGE_BYTES_LIMIT, type PageFailure, WindowReader } from '@pdaltagent/rest-api';
import { type App, brokerOf, type Context, type Destinations, openDestinations, redisOf } from '@pdaltagent/service';
import { Cursor, Lease, SeenEntries, Store } from '@pdaltagent/store';
import { checkRetention, type Configuration } from './configuration';
import { Clocks } from './clocks';
import { Counters } from './counters';
import { EntryPublisher } from './entry-publisher';
import { PollLoop } from './poll-loop';
import { WebhookPublisher } from './webhook-publisher';
import { PollCycle } from './poll-cycle';
import { createScrub } from './scrubbing';
import { UnconvertibleEntries } from './unconvertible-entries';

export function createApp(configuration: Configuration, context: Context): App {
  checkRetention(configuration);
  const destinations = openDestinations(configuration, context.logger);
  const { apiToken } = configuration;
  if (apiToken === undefined) return idleApp('PDAGENTD_API_TOKEN is not set', context);
  if (destinations === undefined)
    return idleApp('neither PDAGENTD_WEBHOOK_DEST_URL nor PDAGENTD_WEBHOOKS_FILE is set', context);
  return pollingApp(configuration, apiToken, destinations, context);
}

function pollingApp(
  configuration: Configuration,
  token: string,
  destinations: Destinations,
  { logger, metrics }: Context,
): App {
  const { queueType, topologyMode, apiBaseUrl, keepSeconds } = configuration;
  const { url, authorities } = brokerOf(configuration);
  const journal = openJournal(configuration, { logger, metrics, service: 'log-poller' });
  // A webhook is known by the name of its destination, which has no digest.
  const references = new MessageReferences((name) => name, configuration.journalText);
  const scrub = createScrub(configuration, metrics, logger);
  const store = new Store({ ...redisOf(configuration), name: 'log-poller', log: logger });
  const publisher = new Publisher({
    url,
    connect: amqplibConnect(authorities),
    name: 'log-poller',
    laneGroup: WEBHOOKS,
    queueType,
    topologyMode,
    log: logger,
  });
  const lease = new Lease({ store, name: 'poller', log: logger });
  const httpClient = new GetClient({
    maxSockets: 2,
    attemptTimeoutMs: 30_000,
    responseLimit: PAGE_BYTES_LIMIT,
    ...(authorities.length === 0 ? {} : { tls: { ca: authorities } }),
  });
  const api = new LogEntriesApi({ httpClient, baseUrl: apiBaseUrl, token, all: configuration.allLogEntries });
  const clocks = new Clocks({ clock: SYSTEM_CLOCK, api, log: logger });
  const counters = new Counters(metrics, clocks);
  let pagerDuty: PageFailure['kind'] | 'not tried yet' | 'ok' = 'not tried yet';
  const onPageResult = (latest: PageFailure | null) => {
    pagerDuty = latest?.kind ?? 'ok';
    if (latest !== null) counters.countPageFailure(latest);
  };
  const cycle = new PollCycle({
    clocks,
    reader: new WindowReader({ api, log: logger, onPageResult }),
    entryPublisher: new EntryPublisher({
      webhookPublisher: new WebhookPublisher({
        publisher,
        destinations: () => destinations.current(),
        config: configuration.webhookConfig ?? {},
        scrub,
        onPublished: (message) =>
          journal.record({
            ...references.of(message),
            kind: 'accepted',
            bytes: message.body.length,
            lane: laneOfMessage(WEBHOOKS, message),
          }),
      }),
      unconvertible: new UnconvertibleEntries(publisher, scrub),
      seen: new SeenEntries(store, keepSeconds),
      services: configuration.services && new Set(configuration.services),
      counters,
      journal,
      log: logger,
    }),
    cursor: new Cursor(store),
    overlapMs: configuration.overlapSeconds * 1000,
    since: configuration.since,
    counters,
    journal,
    log: logger,
  });
  const loop = new PollLoop({ cycle, lease, publisher, intervalMs: configuration.intervalSeconds * 1000, log: logger });
  return {
    start() {
      logger.info('polling', { api: apiBaseUrl, destinations: destinations.current().map(({ name }) => name) });
      journal.start();
      destinations.start();
      store.start();
      publisher.start();
      lease.start();
      loop.start();
      return Promise.resolve();
    },
    async stop() {
      destinations.stop();
      await loop.stop();
      await Promise.all([lease.stop(), publisher.close()]);
      store.close();
      httpClient.close();
      await journal.stop();
    },
    readiness: () => ({
      ready:
        publisher.state() === 'connected' &&
        store.state() === 'connected' &&
        lease.holder() !== 'unknown' &&
        !loop.isFailing(),
      checks: {
        broker: publisher.state(),
        redis: store.state(),
        polling: loop.isFailing() ? 'failing' : lease.holder(),
        pagerduty: pagerDuty,
      },
    }),
  };
}

/** Without a token or a destination there is nothing to do, which is not an error. */
function idleApp(reason: string, { logger }: Context): App {
  return {
    start() {
      logger.warn(`${reason}: nothing is polled`);
      return Promise.resolve();
    },
    stop: () => Promise.resolve(),
    readiness: () => ({ ready: true, checks: { polling: `idle: ${reason}` } }),
  };
}
