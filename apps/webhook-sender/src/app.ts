import { WebhookClient } from '@pdaltagent/http';
import { DeliveryFacts, MessageReferences, openJournal } from '@pdaltagent/journal';
import {
  AlertProgress,
  amqplibConnect,
  type LaneObserver,
  LaneWorker,
  LastDeliveryRecorder,
  WEBHOOKS,
} from '@pdaltagent/messaging';
import { DeadLetterRetention, retentionLimitsOf } from '@pdaltagent/operations';
import {
  type App,
  brokerOf,
  type Context,
  nameDigest,
  openSendingDestinations,
  redisOf,
  type SendingDestinations,
  warnOfPlainDigests,
} from '@pdaltagent/service';
import {
  agreedTime,
  DeadLetteredAlerts,
  DeliveredMarkers,
  LaneClaims,
  LastDeliveries,
  PausedDestinations,
  Store,
} from '@pdaltagent/store';
import { type SendingDestination } from '@pdaltagent/webhooks';
import { type Configuration } from './configuration';
import { createDelivery } from './deliver';
import { createMetrics, METRIC_NAMES, registerWorkerGauges } from './metrics';
import { PauseSync } from './pause-sync';

/** Delivers webhooks from their lanes to their destinations. */
export function createApp(configuration: Configuration, context: Context): App {
  const destinations = openSendingDestinations(configuration, context.logger);
  return destinations.current().length === 0 ? idleApp(context) : sendingApp(configuration, destinations, context);
}

function sendingApp(
  configuration: Configuration,
  destinations: SendingDestinations,
  { logger, metrics }: Context,
): App {
  const { queueType, topologyMode, concurrency } = configuration;
  const broker = brokerOf(configuration);
  const maximumAgeMs = configuration.maximumAgeSeconds * 1000;
  const client = new WebhookClient({
    maxSockets: concurrency,
    isSendingAllowed: () => worker.ownsLanes,
    timeoutMs: configuration.timeoutSeconds * 1000,
    certificateAuthorities: broker.authorities[0],
  });
  const store = new Store({ ...redisOf(configuration), name: 'webhook-sender', log: logger });
  const journal = openJournal(configuration, { logger, metrics, service: 'webhook-sender' });
  warnOfPlainDigests(configuration, logger);
  const digest = nameDigest(configuration);
  const alertProgress = new AlertProgress(new DeadLetteredAlerts(store, 'webhooks'), digest);
  const recorder = new LastDeliveryRecorder(
    new LastDeliveries(store, 'webhooks', digest),
    digest,
    (destination) => destination,
  );
  const deliveryFacts = new DeliveryFacts({
    recorder: journal,
    references: new MessageReferences(digest, configuration.journalText),
    group: 'webhooks',
    text: configuration.journalText,
  });
  const observeFacts = (observer: LaneObserver): LaneObserver =>
    configuration.journal ? deliveryFacts.observe(observer) : observer;
  const metricsObserver = createMetrics(metrics, destinations, logger);
  let isTried = false;
  const worker: LaneWorker = new LaneWorker({
    url: broker.url,
    connect: amqplibConnect(broker.authorities),
    name: 'webhook-sender',
    laneGroup: WEBHOOKS,
    queueType,
    topologyMode,
    concurrency,
    maximumAgeMs,
    // PagerDuty retries 5xx responses as long as any other failure.
    poisonAfterMs: maximumAgeMs,
    memoryBytes: configuration.memoryMegabytes * 1024 * 1024,
    destinationOf: ({ routingKey }) => routingKey,
    deliver: createDelivery({ client, destinations }),
    onDestinationGone: (name) => pauseSync.pause(name),
    markers: new DeliveredMarkers(store, configuration.maximumAgeSeconds),
    claims: new LaneClaims(store),
    observer: observeFacts(
      recorder.observe(
        alertProgress.observe({
          ...metricsObserver,
          onAttempted: (message, outcome, attempt) => {
            isTried = true;
            metricsObserver.onAttempted(message, outcome, attempt);
          },
        }),
      ),
    ),
    prepare: () => alertProgress.prepare(),
    log: logger,
  });
  const pauseSync = new PauseSync({ worker, paused: new PausedDestinations(store), journal });
  destinations.onChange(() => client.keepOnly(destinations.current()));
  registerWorkerGauges(metrics, worker);
  const retention = new DeadLetterRetention({
    ...broker,
    name: 'webhook-sender',
    laneGroup: WEBHOOKS,
    limits: retentionLimitsOf(configuration),
    isResponsible: () => worker.ownsLane(0),
    now: () => agreedTime(store),
    metrics,
    prefix: METRIC_NAMES.prefix,
    onExpired: (id, limit) => journal.record({ kind: 'expired', group: 'webhooks', id, limit }),
    log: logger,
  });
  return {
    async start() {
      const signed = destinations.current().filter(isSigned);
      logger.info('sending', { destinations: namesOf(destinations.current()), signed: namesOf(signed) });
      journal.start();
      destinations.start();
      store.start();
      alertProgress.start();
      await pauseSync.start();
      worker.start();
      retention.start();
    },
    async stop() {
      destinations.stop();
      await retention.stop();
      await worker.stop();
      await alertProgress.stop();
      await recorder.stop();
      await pauseSync.stop();
      store.close();
      client.close();
      await journal.stop();
    },
    readiness: () => ({
      ready: worker.isConnected,
      checks: {
        broker: worker.isConnected ? 'connected' : 'unreachable',
        redis: store.state(),
        destinations: stateOf(worker, isTried),
      },
    }),
  };
}

function isSigned({ secrets, standardKeys }: SendingDestination): boolean {
  return secrets.length + standardKeys.length > 0;
}

function namesOf(destinations: readonly { readonly name: string }[]): string[] {
  return destinations.map(({ name }) => name);
}

function stateOf({ dispatcher: { openCircuits, pausedKeys } }: LaneWorker, isTried: boolean): string {
  const states = [
    ...(openCircuits === 0 ? [] : [`${openCircuits} unavailable`]),
    ...(pausedKeys.size === 0 ? [] : [`${pausedKeys.size} paused`]),
  ];
  if (states.length > 0) return states.join(', ');
  return isTried ? 'reachable' : 'not tried yet';
}

const IDLE = 'neither PDAGENTD_WEBHOOK_DEST_URL nor PDAGENTD_WEBHOOKS_FILE is set';

/** Without a destination there is nothing to do, which is not an error. */
function idleApp({ logger }: Context): App {
  return {
    start() {
      logger.warn(`${IDLE}: no webhooks are sent`);
      return Promise.resolve();
    },
    stop: () => Promise.resolve(),
    readiness: () => ({ ready: true, checks: { sending: `idle: ${IDLE}` } }),
  };
}
