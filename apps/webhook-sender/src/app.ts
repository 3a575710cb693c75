import { Poster } from '@pdaltagent/http';
import { LaneWorker, WEBHOOKS } from '@pdaltagent/messaging';
import { type App, type Context } from '@pdaltagent/service';
import { DeliveredMarkers, Store } from '@pdaltagent/store';
import { type Destination } from '@pdaltagent/webhooks';
import { readFileSync } from 'node:fs';
import { type Configuration } from './configuration';
import { createDelivery } from './deliver';
import { createInstruments, watchWorker } from './instruments';

/** Webhooks from their lanes to their destinations. */
export function createApp(configuration: Configuration, context: Context): App {
  const { destinations = [] } = configuration;
  return destinations.length === 0 ? idleApp(context) : sendingApp(configuration, destinations, context);
}

function sendingApp(
  configuration: Configuration,
  destinations: readonly Destination[],
  { logger, metrics }: Context,
): App {
  const { amqpUrl, redisUrl, queueType, concurrency, certificateAuthorities, secrets = [] } = configuration;
  const maximumAgeMs = configuration.maximumAgeSeconds * 1000;
  const names = destinations.map(({ name }) => name);
  const timeoutMs = configuration.timeoutSeconds * 1000;
  const poster = new Poster({
    maxSockets: concurrency,
    connectTimeoutMs: timeoutMs,
    attemptTimeoutMs: timeoutMs,
    ...(certificateAuthorities === undefined ? {} : { tls: { ca: [readFileSync(certificateAuthorities, 'utf8')] } }),
  });
  const store = new Store({ url: redisUrl, name: 'webhook-sender', log: logger });
  const worker = new LaneWorker({
    url: amqpUrl,
    name: 'webhook-sender',
    family: WEBHOOKS,
    queueType,
    concurrency,
    maximumAgeMs,
    // PagerDuty retries a server's own errors as long as any other.
    poisonAfterMs: maximumAgeMs,
    destinationOf: ({ routingKey }) => routingKey,
    deliver: createDelivery({ poster, destinations, secrets }),
    markers: new DeliveredMarkers(store, configuration.maximumAgeSeconds),
    observer: createInstruments(metrics, names, logger),
    log: logger,
  });
  watchWorker(metrics, worker);
  return {
    start() {
      logger.info('sending', { destinations: names, signed: secrets.length > 0 });
      store.start();
      worker.start();
      return Promise.resolve();
    },
    async stop() {
      await worker.stop();
      store.close();
      poster.close();
    },
    readiness: () => ({
      ready: worker.connected,
      checks: {
        broker: worker.connected ? 'connected' : 'away',
        redis: store.state(),
        destinations: worker.dispatcher.openCircuits === 0 ? 'reachable' : `${worker.dispatcher.openCircuits} away`,
      },
    }),
  };
}

/** Without a destination there is nothing to do, and that is no fault. */
function idleApp({ logger }: Context): App {
  return {
    start() {
      logger.warn('PDAGENTD_WEBHOOK_DEST_URL is not set: no webhooks are sent');
      return Promise.resolve();
    },
    stop: () => Promise.resolve(),
    readiness: () => ({ ready: true, checks: { sending: 'idle: PDAGENTD_WEBHOOK_DEST_URL is not set' } }),
  };
}
