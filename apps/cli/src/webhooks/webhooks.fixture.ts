import { PausedDestinations, Store } from '@pdaltagent/store';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { declareTopologies, runCli } from '../cli.fixture';

export interface Backends {
  readonly amqpUrl: string;
  readonly redisUrl: string;
  /** The REST API that log entries are read from. */
  readonly apiUrl: string;
}

/** A receiver and a destinations file, for tests of `pdaltagent webhooks`. */
export class WebhooksFixture {
  /** The status that the receiver responds with. */
  status = 202;
  readonly received: { headers: IncomingHttpHeaders; body: Buffer }[] = [];
  readonly folder = mkdtempSync(path.join(tmpdir(), 'webhooks-'));

  private constructor(
    private readonly backends: Backends,
    readonly paused: PausedDestinations,
    private readonly store: Store,
    private readonly receiver = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        this.received.push({ headers: request.headers, body: Buffer.concat(chunks) });
        response.writeHead(this.status).end('a response\u001b[31m');
      });
    }),
  ) {}

  static async start(backends: Backends): Promise<WebhooksFixture> {
    await declareTopologies(backends.amqpUrl);
    const silent = { info: () => undefined, warn: () => undefined };
    const store = new Store({ url: backends.redisUrl, name: 'test', log: silent });
    store.start();
    while (store.state() !== 'connected') await delay(20);
    const fixture = new WebhooksFixture(backends, new PausedDestinations(store), store);
    fixture.receiver.listen(0, '127.0.0.1');
    await once(fixture.receiver, 'listening');
    return fixture;
  }

  /** Restores the initial state before each test. */
  async reset(): Promise<void> {
    this.status = 202;
    this.received.length = 0;
    for (const name of (await this.paused.all()).keys()) await this.paused.resume(name);
    writeFileSync(path.join(this.folder, 'secret'), 's3cret\n');
    writeFileSync(
      this.#file,
      `
destinations:
  - name: tickets
    url: http://127.0.0.1:${this.port}/tickets?token=hidden
    format: v3
    secrets: [{ file: secret }]
    headers: { X-Api-Key: k1 }
  - name: chat
    url: http://127.0.0.1:${this.port}/chat
    filters: { services: [S1] }
  - name: metadata
    url: http://169.254.169.254/latest
`,
    );
  }

  /** Port of the receiver. */
  get port(): number {
    return (this.receiver.address() as AddressInfo).port;
  }

  get environment(): Record<string, string> {
    return {
      PDAGENTD_AMQP_URL: this.backends.amqpUrl,
      PDAGENTD_REDIS_URL: this.backends.redisUrl,
      PDAGENTD_WEBHOOKS_FILE: this.#file,
      PDAGENTD_API_TOKEN: 'y_NbAkKc66ryYTWUXYEu',
      PDAGENTD_API_BASE_URL: this.backends.apiUrl,
    };
  }

  /** Runs `pdaltagent webhooks`; `more` is added to the environment, `options` are those of `command`. */
  webhooks(words: string, more: Record<string, string> = {}, options: { readonly answer?: string } = {}) {
    return runCli(['webhooks', ...words.split(' ')], { ...this.environment, ...more }, options);
  }

  async stop(): Promise<void> {
    this.store.close();
    this.receiver.closeAllConnections();
    this.receiver.close();
    await once(this.receiver, 'close');
    rmSync(this.folder, { recursive: true });
  }

  get #file(): string {
    return path.join(this.folder, 'webhooks.yaml');
  }
}
