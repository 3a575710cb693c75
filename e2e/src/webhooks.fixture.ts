import { Store } from '@pdaltagent/store';
import {
  type AppProcess,
  openRunFolder,
  type RunFolder,
  startApp,
  type StartAppOptions,
  testServers,
  type TestServers,
  waitUntil,
} from '@pdaltagent/testing';
import path from 'node:path';
import { z } from 'zod';
import { askSimulator } from './simulator-control.fixture';
import { type WebhookReport, webhookReport, type WrittenEntry } from './webhook-ledger.fixture';
import { WebhookReceiver } from './webhook-receiver.fixture';

/** Time limits for a scenario and for one step, on a busy machine. */
/** Part of the command that marks an entry as published. The periodic check whether Redis accepts writes is a SET, too, without EX. */
export const MARK = '$2\r\nEX\r\n';
export const SCENARIO_MS = 600_000;
export const STEP_MS = 180_000;

const written = z.object({
  log_entries: z.array(
    z.object({
      id: z.string(),
      createdAt: z.number(),
      visibleAt: z.number(),
      incident: z.object({ id: z.string() }).nullable(),
    }),
  ),
});
const requests = z.object({
  requests: z.array(
    z.object({
      receivedAt: z.number(),
      answeredAt: z.number(),
      path: z.string(),
      query: z.string(),
      status: z.number().nullable(),
    }),
  ),
});

const standing = z.object({ faults: z.array(z.object({ id: z.string(), hits: z.number() })) });

export type RestRequest = z.infer<typeof requests>['requests'][number];

/** A log entry to write, for the simulator's control API. */
export interface Script {
  readonly dedupKey: string;
  readonly createdAt?: string;
  readonly count?: number;
  readonly spacingMs?: number;
}

/** The path of webhooks with built apps: a simulated PagerDuty, a receiver; pollers and senders on request. */
export class WebhookRelay {
  readonly #apps: AppProcess[] = [];
  #counter = 0;

  private constructor(
    readonly folder: RunFolder,
    readonly servers: TestServers,
    readonly simulator: AppProcess,
    readonly receiver: WebhookReceiver,
  ) {}

  /** @param servers default: those of the test run */
  static async start(name: string, servers?: TestServers): Promise<WebhookRelay> {
    const folder = openRunFolder(name);
    const [used, simulator, receiver] = await Promise.all([
      servers ?? testServers(),
      startApp('pagerduty-simulator', { folder: path.join(folder.path, 'simulator'), env: { SIMULATOR_PORT: '0' } }),
      WebhookReceiver.start(),
    ]);
    return new WebhookRelay(folder, used, simulator, receiver);
  }

  startPoller(env: Record<string, string> = {}, options: Partial<StartAppOptions> = {}): Promise<AppProcess> {
    const polling = {
      PDAGENTD_API_BASE_URL: this.simulatorUrl,
      PDAGENTD_API_TOKEN: 'y_NbAkKc66ryYTWUXYEu',
      PDAGENTD_POLLING_INTERVAL_SECONDS: '1',
      PDAGENTD_POLL_SINCE: new Date(Date.now() - 3_600_000).toISOString(),
    };
    return this.#start('log-poller', { ...polling, ...env }, options);
  }

  startSender(env: Record<string, string> = {}): Promise<AppProcess> {
    return this.#start('webhook-sender', env, {});
  }

  get simulatorUrl(): string {
    const { url } = this.simulator;
    if (url === undefined) throw new Error('the simulator has no address');
    return url;
  }

  /** Calls the simulator's control API. */
  control(method: string, route: string, body?: unknown): Promise<unknown> {
    return askSimulator(this.simulatorUrl, method, route, body);
  }

  async write(scripts: readonly Script[]): Promise<void> {
    await this.control('POST', '/log_entries', scripts);
  }

  async written(): Promise<readonly WrittenEntry[]> {
    const { log_entries } = written.parse(await this.control('GET', '/log_entries'));
    return log_entries.map(({ incident, ...entry }) => ({ ...entry, incidentId: incident?.id ?? null }));
  }

  /** Requests for log entries so far. */
  async reads(): Promise<readonly RestRequest[]> {
    const all = requests.parse(await this.control('GET', '/requests')).requests;
    return all.filter((request) => request.path === '/log_entries');
  }

  /** Holds responses to requests whose query contains the text; resolves once one is held. */
  async hold(query: string): Promise<void> {
    const fault = { id: 'hold', match: { path: '/log_entries', query }, effect: { kind: 'hold' } };
    await this.control('POST', '/faults', fault);
    await waitUntil(async () => (await this.hits()).get('hold'), {
      what: `a request with ${query} to be held`,
      timeoutMs: STEP_MS,
    });
  }

  /** Releases held responses. */
  async release(): Promise<void> {
    await this.control('DELETE', '/faults/hold');
  }

  /** Number of requests affected by each fault, by id; faults without effect are omitted. */
  async hits(): Promise<ReadonlyMap<string, number>> {
    const { faults } = standing.parse(await this.control('GET', '/faults'));
    return new Map(faults.filter(({ hits }) => hits > 0).map(({ id, hits }) => [id, hits]));
  }

  /** Waits until every written entry has arrived, and resolves with the report. */
  async waitForAll(): Promise<WebhookReport> {
    const all = await this.written();
    await waitUntil(() => all.every(({ id }) => this.receiver.entries.has(id)), {
      what: `${all.length} webhooks to arrive`,
      timeoutMs: STEP_MS,
      intervalMs: 200,
    }).catch((error: unknown) => {
      const missing = all.filter(({ id }) => !this.receiver.entries.has(id)).map(({ id }) => id);
      throw new Error(`${String(error)}: ${missing.length} are missing (${missing.slice(0, 5).join(', ')} …)`);
    });
    return this.report();
  }

  async report(): Promise<WebhookReport> {
    const reads = (await this.reads()).map(({ answeredAt }) => answeredAt);
    return webhookReport(await this.written(), this.receiver.arrivals, reads);
  }

  /** Accesses Redis as an operator would. */
  async withRedis<Result>(work: (store: Store) => Promise<Result>): Promise<Result> {
    const silent = { info: () => undefined, warn: () => undefined };
    const store = new Store({ url: this.servers.redisUrl, name: 'e2e', log: silent });
    store.start();
    try {
      await waitUntil(() => store.state() === 'connected', { what: 'Redis' });
      return await work(store);
    } finally {
      store.close();
    }
  }

  emptyRedis(): Promise<unknown> {
    return this.withRedis((store) => store.run((redis) => redis.flushdb()));
  }

  /** Stops pollers and senders, and clears PagerDuty, Redis and the receiver. */
  async reset(): Promise<void> {
    await Promise.all(this.#apps.splice(0).map((app) => app.stop()));
    await this.control('POST', '/reset');
    await this.emptyRedis();
    this.receiver.forget();
  }

  async stop(): Promise<void> {
    await Promise.all(this.#apps.map((app) => app.stop()));
    await Promise.all([this.simulator.stop(), this.receiver.stop()]);
    this.folder.remove();
  }

  async #start(name: string, env: Record<string, string>, options: Partial<StartAppOptions>): Promise<AppProcess> {
    this.#counter += 1;
    const app = await startApp(name, {
      folder: path.join(this.folder.path, `${name}-${this.#counter}`),
      timeoutMs: STEP_MS,
      ...options,
      env: {
        PDAGENTD_AMQP_URL: this.servers.amqpUrl,
        PDAGENTD_REDIS_URL: this.servers.redisUrl,
        PDAGENTD_WEBHOOK_DEST_URL: this.receiver.url,
        ...env,
      },
    });
    this.#apps.push(app);
    return app;
  }
}

/** The value of an app's metric, summed over its labels. */
export async function metric(app: AppProcess, name: string): Promise<number> {
  const text = await (await fetch(`${app.url}/metrics`)).text();
  const values = [...text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'gm'))].map(([, value]) =>
    Number(value),
  );
  return values.reduce((sum, value) => sum + value, 0);
}

/** Prints one line of figures. */
export function printFigures(scenario: string, figures: Readonly<Record<string, number>>): void {
  const shown = Object.entries(figures).map(([name, value]) => `${name} ${Math.round(value * 1000) / 1000}`);
  process.stdout.write(`${scenario}: ${shown.join(', ')}\n`);
}
