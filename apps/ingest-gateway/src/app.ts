import { delay, every, SYSTEM_CLOCK } from '@pdaltagent/clock';
import { DurablePublisher } from '@pdaltagent/forwarding';
import { MessageReferences, openJournal } from '@pdaltagent/journal';
import { amqplibConnect, EVENTS, laneOfMessage, readRecord } from '@pdaltagent/messaging';
import {
  type App,
  brokerOf,
  type Context,
  type Logger,
  nameDigest,
  quarantineFolderOf,
  spoolRootOf,
  warnOfPlainDigests,
} from '@pdaltagent/service';
import { claimSpool, OrphanedSpools, type Spool, Quarantine } from '@pdaltagent/spool';
import { eraseSpooled } from './erase-spooled';
import { AccessControl } from './access-control';
import { SENDER_SHARE } from './admission';
import { type Configuration } from './configuration';
import { ForwardHeaders } from './forward-headers';
import { ForwardingMetrics } from './forwarding-metrics';
import { Gateway } from './gateway';
import { JournalFacts } from './journal-facts';
import { QuarantineMetrics } from './quarantine-metrics';
import { createScrub } from './scrubbing';
import { OperatorSocket } from './operator-socket';
import { openTokens } from './token-source';

/** How often orphaned spools, those of instances that are gone, are scanned for; milliseconds. */
const SCAN_MS = 60_000;
/** How long the first requests wait for the broker. Otherwise full load would fill the spool before, and keep it from becoming empty. */
const BROKER_WAIT_MS = 2_000;
/** Events that may wait for the disk concurrently, besides those in flight to the broker: over a second's worth. */
const WAITING_FOR_DISK = 5_000;

const PLAIN_HTTP =
  'PDAGENTD_TLS_CLIENT_CA is set: plain HTTP is accepted only from this host and from PDAGENTD_TRUSTED_PROXIES';

interface Running {
  readonly spool: Spool;
  readonly publisher: DurablePublisher;
  readonly gateway: Gateway;
  readonly orphans: OrphanScanner;
  readonly operatorSocket: OperatorSocket;
}

/** The gateway, which publishes to RabbitMQ and spools what RabbitMQ does not accept. */
export function createApp(configuration: Configuration, { logger, metrics }: Context): App {
  const forwardingMetrics = new ForwardingMetrics(metrics);
  const quarantineMetrics = new QuarantineMetrics(metrics);
  const scrub = createScrub(configuration, metrics, logger);
  const journal = openJournal(configuration, { logger, metrics, service: 'ingest-gateway' });
  // It writes no names of alerts to Redis.
  if (configuration.journal) warnOfPlainDigests(configuration, logger);
  const facts = new JournalFacts({
    recorder: journal,
    references: new MessageReferences(nameDigest(configuration), configuration.journalText),
    text: configuration.journalText,
  });
  const { ingestTokens, ingestTokensFile, allowedNetworks, allowedHosts, trustedProxies } = configuration;
  const tokens = openTokens({ tokens: ingestTokens, file: ingestTokensFile, log: logger });
  const needsCertificate = configuration.tlsClientAuthorities !== undefined;
  const access = new AccessControl({
    tokens: () => tokens.current(),
    allowed: allowedNetworks,
    trustedProxies,
    hosts: allowedHosts,
    needsCertificate,
  });
  const forwardHeaders = ForwardHeaders.parse(configuration.forwardHeaders ?? '');
  const broker = brokerOf(configuration);
  const root = spoolRootOf(configuration);
  const options = { maximumBytes: configuration.spoolMaximumBytes, log: logger, laneOf: laneOfRecord };
  let running: Running | undefined;
  return {
    start: async () => {
      journal.start();
      const { spool, legacy, quarantine } = await openSpools().catch((error: unknown) => {
        throw new Error(`PDAGENTD_SPOOL_DIR: ${root} cannot be used: ${reasonOf(error)}`);
      });
      const publisher = new DurablePublisher({
        broker: {
          url: broker.url.replace(/^pyamqp:/, 'amqp:'),
          connect: amqplibConnect(broker.authorities),
          name: 'ingest-gateway',
          laneGroup: EVENTS,
          queueType: configuration.queueType,
          topologyMode: configuration.topologyMode,
        },
        spool,
        legacy,
        quarantine,
        limits: configuration,
        log: logger,
        onSpoolBegun: (cause) => forwardingMetrics.countSpoolBegun(cause),
        onModeChange: (mode, cause) => facts.recordMode(mode, cause),
        onQuarantined: (problem, message) => {
          quarantineMetrics.countQuarantined(problem);
          facts.recordQuarantined(problem, message);
        },
      });
      forwardingMetrics.watch(legacy === undefined ? [spool] : [spool, legacy], publisher);
      quarantineMetrics.watch(quarantine);
      const gateway = new Gateway({
        configuration,
        sink: publisher,
        // A single sender can use all that may wait; the rest is for others.
        maximumEvents: Math.ceil((configuration.maxInFlight + WAITING_FOR_DISK) / SENDER_SHARE),
        scrub,
        onAccepted: configuration.journal ? (...accepted) => facts.recordAccepted(...accepted) : undefined,
        access,
        forwardHeaders,
        logger,
        metrics,
      });
      const orphaned = new OrphanedSpools(root, spool, options);
      const orphans = new OrphanScanner(async () => {
        for (const source of await orphaned.claim()) publisher.drainOrphan(source, () => orphaned.release(source));
      }, logger);
      const operatorSocket = new OperatorSocket({
        path: `${spool.folder}.sock`,
        erase: async (request) => {
          // Whatever no other gateway has is opened, and searched with the rest.
          await orphans.scanNow();
          return eraseSpooled(publisher, request, (id, by) =>
            journal.record({ kind: 'discarded', group: 'events', id, from: 'spool', by, why: 'erased' }),
          );
        },
        log: logger,
      });
      running = { spool, publisher, gateway, orphans, operatorSocket };
      publisher.start();
      tokens.start();
      await Promise.race([publisher.whenDirect, delay(SYSTEM_CLOCK, BROKER_WAIT_MS)]);
      await gateway.start();
      if (needsCertificate && configuration.httpPort !== 0) logger.info(PLAIN_HTTP, { trustedProxies });
      orphans.start();
      await operatorSocket.start();
    },
    stop: async () => {
      tokens.stop();
      await running?.operatorSocket.stop();
      await running?.gateway.stop();
      await running?.orphans.stop();
      await scrub?.stop();
      await running?.publisher.close();
      facts.stop();
      await journal.stop();
    },
    readiness: () => {
      if (running === undefined) return { ready: false, checks: { spool: 'not open yet' } };
      const { spool, publisher } = running;
      // A problem of one lane must not take the gateway out of service for all.
      const ready = publisher.lanesIn('direct') > 0 || spool.condition === 'usable';
      return { ready, checks: { broker: publisher.broker, spool: spool.condition, mode: publisher.mode } };
    },
  };

  async function openSpools() {
    const claimed = await claimSpool(root, options);
    return { ...claimed, quarantine: await Quarantine.open(quarantineFolderOf(configuration), logger) };
  }
}

function laneOfRecord(record: Buffer): number | undefined {
  const read = readRecord(record);
  return read.kind === 'message' ? laneOfMessage(EVENTS, read.message) : undefined;
}

/** Scans for orphaned spools at once and then periodically, one scan at a time. */
class OrphanScanner {
  readonly #scan: () => Promise<void>;
  readonly #log: Logger;
  #scanning: Promise<void> = Promise.resolve();
  #stop: () => void = () => undefined;

  constructor(scan: () => Promise<void>, log: Logger) {
    this.#scan = scan;
    this.#log = log;
  }

  start(): void {
    this.#scanAgain();
    this.#stop = every(SYSTEM_CLOCK, SCAN_MS, () => this.#scanAgain());
  }

  /** Resolves once a scan that starts now has ended. */
  scanNow(): Promise<void> {
    this.#scanAgain();
    return this.#scanning;
  }

  async stop(): Promise<void> {
    this.#stop();
    await this.#scanning;
  }

  #scanAgain(): void {
    this.#scanning = this.#scanning.then(this.#scan).catch((error: unknown) => {
      this.#log.error('cannot scan for orphaned spools', { error: reasonOf(error) });
    });
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
