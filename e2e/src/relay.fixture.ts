import { EVENTS } from '@pdaltagent/messaging';
import {
  type AppProcess,
  freePort,
  openRunFolder,
  type RabbitMQ,
  type Redis,
  type RunFolder,
  startApp,
  startRabbitMQ,
  startRedis,
  testServers,
} from '@pdaltagent/testing';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { askSimulator } from './simulator-control.fixture';

const statistics = z.object({ events: z.object({ byStatus: z.record(z.string(), z.number()) }) });
const activeFaults = z.object({ faults: z.array(z.object({ id: z.string(), hits: z.number() })) });

export interface WorkerOptions {
  readonly env?: Record<string, string>;
  /** The file to run instead of the built worker. */
  readonly bundle?: string;
}

export interface RelayOptions {
  readonly gatewayEnv?: Record<string, string>;
  /** Default: those of the test run. */
  readonly servers?: { readonly amqpUrl: string; readonly redisUrl: string };
}

interface RelayApps {
  readonly folder: RunFolder;
  readonly simulator: AppProcess;
  readonly gateway: AppProcess;
  readonly gatewayUrl: string;
}

async function startApps(name: string, amqpUrl: string, { gatewayEnv = {} }: RelayOptions): Promise<RelayApps> {
  const folder = openRunFolder(name);
  const subfolder = (part: string) => madeFolder(path.join(folder.path, part));
  const gatewayPort = await freePort();
  const [simulator, gateway] = await Promise.all([
    startApp('pagerduty-simulator', {
      folder: subfolder('simulator'),
      env: { SIMULATOR_PORT: '0', SIMULATOR_KEEP_BODIES: 'true' },
    }),
    startApp('ingest-gateway', {
      folder: subfolder('gateway'),
      env: {
        PDAGENTD_AMQP_URL: amqpUrl,
        PDAGENTD_HTTP_PORT: String(gatewayPort),
        PDAGENTD_HTTPS_PORT: '0',
        PDAGENTD_STATE_DIR: subfolder('state'),
        PDAGENTD_MAX_IN_FLIGHT: '1000',
        ...gatewayEnv,
      },
    }),
  ]);
  return { folder, simulator, gateway, gatewayUrl: `http://127.0.0.1:${gatewayPort}` };
}

/**
 * The whole relay with built apps: a simulated PagerDuty, a gateway, and workers on request. Its RabbitMQ and Redis are those of
 * the test run.
 */
export class Relay {
  readonly workers: AppProcess[] = [];
  readonly simulator: AppProcess;
  readonly gateway: AppProcess;
  readonly gatewayUrl: string;
  readonly #folder: RunFolder;
  #counter = 0;

  protected constructor(
    { folder, simulator, gateway, gatewayUrl }: RelayApps,
    readonly broker: Pick<RabbitMQ, 'url'>,
    readonly redis: Pick<Redis, 'url'>,
  ) {
    this.#folder = folder;
    this.simulator = simulator;
    this.gateway = gateway;
    this.gatewayUrl = gatewayUrl;
  }

  static async start(name: string, options: RelayOptions = {}): Promise<Relay> {
    const { amqpUrl, redisUrl } = options.servers ?? (await testServers());
    return new Relay(await startApps(name, amqpUrl, options), { url: amqpUrl }, { url: redisUrl });
  }

  get simulatorUrl(): string {
    const { url } = this.simulator;
    if (url === undefined) throw new Error('the simulator has no address');
    return url;
  }

  /** A folder with this name, which is removed at the end. */
  folder(name: string): string {
    return madeFolder(path.join(this.#folder.path, name));
  }

  async startWorker({ env = {}, bundle }: WorkerOptions = {}): Promise<AppProcess> {
    this.#counter += 1;
    const worker = await startApp('delivery-worker', {
      folder: this.folder(`worker-${this.#counter}`),
      ...(bundle === undefined ? {} : { bundle }),
      env: {
        PDAGENTD_AMQP_URL: this.broker.url,
        PDAGENTD_REDIS_URL: this.redis.url,
        PDAGENTD_EVENTS_BASE_URL: this.simulatorUrl,
        ...env,
      },
    });
    this.workers.push(worker);
    return worker;
  }

  /** Calls the simulator's control API. Resolves with its response. */
  control(method: string, route: string, body?: unknown): Promise<unknown> {
    return askSimulator(this.simulatorUrl, method, route, body);
  }

  /** Number of events that the simulator answered with the status; `none`: without a response. */
  async respondedWith(status: number | 'none'): Promise<number> {
    return statistics.parse(await this.control('GET', '/stats')).events.byStatus[status] ?? 0;
  }

  /** Number of requests that a simulator fault has affected. */
  async hits(id: string): Promise<number> {
    const { faults } = activeFaults.parse(await this.control('GET', '/faults'));
    return faults.find((fault) => fault.id === id)?.hits ?? 0;
  }

  async stop(): Promise<void> {
    await Promise.all([...this.workers, this.gateway, this.simulator].map((app) => app.stop()));
    this.#folder.remove();
  }
}

/** A relay with its own servers, which a test may stop, block and look into. */
export class PrivateRelay extends Relay {
  private constructor(
    apps: RelayApps,
    override readonly broker: RabbitMQ,
    override readonly redis: Redis,
    private readonly serverFolder: RunFolder,
  ) {
    super(apps, broker, redis);
  }

  static override async start(name: string, options: RelayOptions = {}): Promise<PrivateRelay> {
    const folder = openRunFolder(`${name}-servers`);
    const [broker, redis] = await Promise.all([
      startRabbitMQ({ folder: madeFolder(path.join(folder.path, 'rabbitmq')) }),
      startRedis({ folder: madeFolder(path.join(folder.path, 'redis')) }),
    ]);
    return new PrivateRelay(await startApps(name, broker.url, options), broker, redis, folder);
  }

  /** Events in all lanes and sidings, including unacknowledged ones, and dead letters. Up to a few seconds old. */
  async queued(): Promise<{ readonly queued: number; readonly dead: number }> {
    const messages = await this.broker.messages();
    const dead = messages.get(EVENTS.deadLetters) ?? 0;
    // The table of a lane is always held.
    const queues = [...messages].filter(([queue]) => queue.startsWith(EVENTS.exchange) && !queue.endsWith('.table'));
    return { queued: queues.reduce((sum, [, count]) => sum + count, 0) - dead, dead };
  }

  override async stop(): Promise<void> {
    await super.stop();
    await Promise.all([this.broker.stop(), this.redis.stop()]);
    this.serverFolder.remove();
  }
}

function madeFolder(folder: string): string {
  mkdirSync(folder, { recursive: true });
  return folder;
}
