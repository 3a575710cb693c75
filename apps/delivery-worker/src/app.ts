import { PostClient } from '@pdaltagent/http';
import { DeliveryFacts, MessageReferences, openJournal } from '@pdaltagent/journal';
import {
  AlertProgress,
  amqplibConnect,
  createLaneMetrics,
  EVENTS,
  type LaneObserver,
  LastDeliveryRecorder,
  LaneWorker,
  type MetricNames,
  registerLaneGauges,
} from '@pdaltagent/messaging';
import { DeadLetterRetention, retentionLimitsOf } from '@pdaltagent/operations';
import {
  type App,
  brokerOf,
  type Context,
  maskKey,
  nameDigest,
  redisOf,
  warnOfPlainDigests,
} from '@pdaltagent/service';
import { agreedTime, DeadLetteredAlerts, DeliveredMarkers, LaneClaims, LastDeliveries, Store } from '@pdaltagent/store';
import { AttemptLog } from './attempt-log';
import { type Configuration } from './configuration';
import { createDelivery } from './deliver';

const METRIC_NAMES: MetricNames = { prefix: 'pdaltagent', what: 'Events' };

/** Delivers events from their lanes to PagerDuty. */
export function createApp(configuration: Configuration, { logger, metrics }: Context): App {
  const broker = brokerOf(configuration);
  const { authorities } = broker;
  const client: PostClient = new PostClient({
    maxSockets: configuration.concurrency * 2,
    connectTimeoutMs: configuration.connectTimeoutMs,
    attemptTimeoutMs: configuration.attemptTimeoutMs,
    isSendingAllowed: () => worker.ownsLanes,
    ...(authorities.length === 0 ? {} : { tls: { ca: authorities } }),
  });
  const store = new Store({ ...redisOf(configuration), name: 'delivery-worker', log: logger });
  warnOfPlainDigests(configuration, logger);
  const digest = nameDigest(configuration);
  const alertProgress = new AlertProgress(new DeadLetteredAlerts(store, 'events'), digest);
  const recorder = new LastDeliveryRecorder(new LastDeliveries(store, 'events', digest), digest, maskKey);
  const metricsObserver = createLaneMetrics(metrics, METRIC_NAMES);
  const attemptLog = new AttemptLog(logger);
  const journal = openJournal(configuration, { logger, metrics, service: 'delivery-worker' });
  const facts = new DeliveryFacts({
    recorder: journal,
    references: new MessageReferences(digest, configuration.journalText),
    group: 'events',
    text: configuration.journalText,
  });
  const observing = (observer: LaneObserver): LaneObserver =>
    configuration.journal ? facts.observe(observer) : observer;
  let isTried = false;
  const worker: LaneWorker = new LaneWorker({
    url: broker.url,
    connect: amqplibConnect(authorities),
    name: 'delivery-worker',
    laneGroup: EVENTS,
    queueType: configuration.queueType,
    topologyMode: configuration.topologyMode,
    concurrency: configuration.concurrency,
    maximumAgeMs: configuration.maximumAgeSeconds * 1000,
    poisonAfterMs: configuration.poisonAfterSeconds * 1000,
    memoryBytes: configuration.memoryMegabytes * 1024 * 1024,
    deliver: createDelivery(client, configuration.eventsBaseUrl),
    markers: new DeliveredMarkers(store, configuration.maximumAgeSeconds),
    claims: new LaneClaims(store),
    observer: observing(
      recorder.observe(
        alertProgress.observe({
          ...metricsObserver,
          onAttempted: (message, outcome, attempt) => {
            isTried = true;
            metricsObserver.onAttempted(message, outcome, attempt);
            attemptLog.record(message, outcome);
          },
        }),
      ),
    ),
    prepare: () => alertProgress.prepare(),
    log: logger,
  });
  registerLaneGauges(metrics, worker, METRIC_NAMES);
  const retention = new DeadLetterRetention({
    ...broker,
    name: 'delivery-worker',
    laneGroup: EVENTS,
    limits: retentionLimitsOf(configuration),
    isResponsible: () => worker.ownsLane(0),
    now: () => agreedTime(store),
    metrics,
    prefix: METRIC_NAMES.prefix,
    onExpired: (id, limit) => journal.record({ kind: 'expired', group: 'events', id, limit }),
    log: logger,
  });
  const pagerDutyState = () => {
    if (!isTried) return 'not tried yet';
    return worker.dispatcher.openCircuits === 0 ? 'reachable' : 'unavailable';
  };
  return {
    start: () => {
      journal.start();
      store.start();
      alertProgress.start();
      worker.start();
      retention.start();
      return Promise.resolve();
    },
    stop: async () => {
      await retention.stop();
      await worker.stop();
      await alertProgress.stop();
      await recorder.stop();
      store.close();
      client.close();
      await journal.stop();
    },
    readiness: () => ({
      ready: worker.isConnected,
      checks: {
        broker: worker.isConnected ? 'connected' : 'unreachable',
        redis: store.state(),
        pagerduty: pagerDutyState(),
      },
    }),
  };
}
