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

/** The whole relay over built apps: servers of its own, a simulated PagerDuty, a gateway, and workers as asked for. */
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

  static async start(name: string): Promise<Relay> {
    const folder = openRunFolder(name);
    const subfolder = (part: string) => {
      const made = path.join(folder.path, part);
      mkdirSync(made, { recursive: true });
      return made;
    };
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
      },
    });
    return new Relay(folder, broker, redis, simulator, gateway, `http://127.0.0.1:${gatewayPort}`);
  }

  get simulatorUrl(): string {
    const { url } = this.simulator;
    if (url === undefined) throw new Error('the simulator has no address');
    return url;
  }

  async startWorker(env: Record<string, string> = {}): Promise<AppProcess> {
    this.#counter += 1;
    const folder = path.join(this.#folder.path, `worker-${this.#counter}`);
    mkdirSync(folder, { recursive: true });
    const worker = await startApp('delivery-worker', {
      folder,
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

  /** Changes how the simulator behaves; `path` is one of its control API. */
  async control(method: string, route: string, body?: unknown): Promise<void> {
    const response = await fetch(`${this.simulatorUrl}/_control${route}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${route}: ${response.status} ${text}`);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.workers, this.gateway].map((app) => app.stop()));
    await Promise.all([this.simulator.stop(), this.broker.stop(), this.redis.stop()]);
    this.#folder.remove();
  }
}
