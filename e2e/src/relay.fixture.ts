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
}

/** The whole relay with built apps: private servers, a simulated PagerDuty, a gateway, and workers on request. */
export class Relay {
  readonly workers: AppProcess[] = [];
  readonly #folder: RunFolder;
  #counter = 0;

  private constructor(
    folder: RunFolder,
    readonly broker: RabbitMQ,
    readonly redis: Redis,
    readonly simulator: AppProcess,
    readonly gateway: AppProcess,
    readonly gatewayUrl: string,
  ) {
    this.#folder = folder;
  }

  static async start(name: string, { gatewayEnv = {} }: RelayOptions = {}): Promise<Relay> {
    const folder = openRunFolder(name);
    const subfolder = (part: string) => madeFolder(path.join(folder.path, part));
    const [broker, redis, simulator] = await Promise.all([
      startRabbitMQ({ folder: subfolder('rabbitmq') }),
      startRedis({ folder: subfolder('redis') }),
      startApp('pagerduty-simulator', {
        folder: subfolder('simulator'),
        env: { SIMULATOR_PORT: '0', SIMULATOR_KEEP_BODIES: 'true' },
      }),
    ]);
    const gatewayPort = await freePort();
    const gateway = await startApp('ingest-gateway', {
      folder: subfolder('gateway'),
      env: {
        PDAGENTD_AMQP_URL: broker.url,
        PDAGENTD_HTTP_PORT: String(gatewayPort),
        PDAGENTD_HTTPS_PORT: '0',
        PDAGENTD_STATE_DIR: subfolder('state'),
        PDAGENTD_MAX_IN_FLIGHT: '1000',
        ...gatewayEnv,
      },
    });
    return new Relay(folder, broker, redis, simulator, gateway, `http://127.0.0.1:${gatewayPort}`);
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

  /** Messages in all lanes and sidings, including unacknowledged ones, and dead letters. Up to a few seconds old. */
  async queued(): Promise<{ readonly queued: number; readonly dead: number }> {
    const messages = await this.broker.messages();
    const dead = messages.get(EVENTS.deadLetters) ?? 0;
    const all = [...messages].filter(([queue]) => queue.startsWith(EVENTS.exchange) || queue === EVENTS.deadLetters);
    return { queued: all.reduce((sum, [, count]) => sum + count, 0) - dead, dead };
  }

  async stop(): Promise<void> {
    await Promise.all([...this.workers, this.gateway].map((app) => app.stop()));
    await Promise.all([this.simulator.stop(), this.broker.stop(), this.redis.stop()]);
    this.#folder.remove();
  }
}

function madeFolder(folder: string): string {
  mkdirSync(folder, { recursive: true });
  return folder;
}
