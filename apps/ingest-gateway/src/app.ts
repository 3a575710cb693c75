import { EVENTS } from '@pdaltagent/messaging';
import { type App, ConfigurationError, type Context, type Logger, spoolRootOf } from '@pdaltagent/service';
import { claimSpool, leftBehind, type Spool } from '@pdaltagent/spool';
import { Access } from './access';
import { type Configuration } from './configuration';
import { DurableSink } from './durability/durable-sink';
import { SpoolInstruments } from './durability/spool-instruments';
import { ForwardHeaders } from './forward-headers';
import { Gateway } from './gateway';
import { createScrub } from './scrubbing';

/** How often it looks for what other instances have left behind; milliseconds. */
const LOOK_AROUND_MS = 60_000;
/** Events that may wait for the disk at one time, besides those in flight: over a second's worth. */
const WAITING_FOR_DISK = 5_000;

/** The gateway with RabbitMQ behind it, and a spool beside. */
export function createApp(configuration: Configuration, { logger, metrics }: Context): App {
  const instruments = new SpoolInstruments(metrics);
  const scrub = createScrub(configuration, metrics, logger);
  const access = accessOf(configuration);
  const forwardHeaders = ForwardHeaders.parse(configuration.forwardHeaders ?? '');
  const root = spoolRootOf(configuration);
  const options = { maximumBytes: configuration.spoolMaximumBytes, log: logger };
  let running: { spool: Spool; sink: DurableSink; gateway: Gateway; lookAround: LookAround } | undefined;
  return {
    start: async () => {
      const spool = await claimSpool(root, options).catch((error: unknown) => {
        throw new Error(`PDAGENTD_SPOOL_DIR: ${root} cannot be used: ${reasonOf(error)}`);
      });
      const sink = new DurableSink({
        link: {
          url: configuration.amqpUrl.replace(/^pyamqp:/, 'amqp:'),
          name: 'ingest-gateway',
          family: EVENTS,
          queueType: configuration.queueType,
        },
        spool,
        limits: configuration,
        log: logger,
        changed: (mode, cause) => instruments.changed(mode, cause),
      });
      instruments.watch(spool, sink);
      const gateway = new Gateway({
        configuration,
        sink,
        maximumEvents: configuration.maxInFlight + WAITING_FOR_DISK,
        scrub,
        access,
        forwardHeaders,
        logger,
        metrics,
      });
      const lookAround = new LookAround(() => leftBehind(root, spool, options, (other) => sink.adopt(other)), logger);
      running = { spool, sink, gateway, lookAround };
      sink.start();
      await gateway.start();
      lookAround.start();
    },
    stop: async () => {
      await running?.gateway.stop();
      await running?.lookAround.stop();
      await running?.sink.close();
    },
    readiness: () => {
      if (running === undefined) return { ready: false, checks: { spool: 'not open yet' } };
      const { spool, sink } = running;
      const ready = sink.mode === 'direct' || spool.condition === 'usable';
      return { ready, checks: { broker: sink.broker, spool: spool.condition, mode: sink.mode } };
    },
  };
}

/** Undefined where anybody may send. @throws ConfigurationError */
function accessOf({ ingestTokens, allowedNetworks, trustedProxies }: Configuration): Access | undefined {
  const tokens = (ingestTokens ?? '').split(/[\s,]+/).filter((token) => token !== '');
  if (ingestTokens !== undefined && tokens.length === 0) {
    throw new ConfigurationError(['PDAGENTD_INGEST_TOKENS holds no token']);
  }
  if (tokens.length === 0 && allowedNetworks === undefined) return undefined;
  return new Access({ tokens, allowed: allowedNetworks, trustedProxies });
}

/** Does something at once and then now and then, never twice at one time. */
class LookAround {
  readonly #look: () => Promise<void>;
  readonly #log: Logger;
  #looking: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;

  constructor(look: () => Promise<void>, log: Logger) {
    this.#look = look;
    this.#log = log;
  }

  start(): void {
    this.#again();
    this.#timer = setInterval(() => this.#again(), LOOK_AROUND_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
  }

  #again(): void {
    this.#looking = this.#looking.then(this.#look).catch((error: unknown) => {
      this.#log.error('what other instances left behind cannot be taken over', { error: reasonOf(error) });
    });
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
