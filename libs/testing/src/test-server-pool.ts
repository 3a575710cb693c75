import { randomBytes } from 'node:crypto';
import { createServer, type Server as HttpServer } from 'node:http';
import path from 'node:path';
import { type RabbitMQ, type Redis } from './server';
import { REDIS_DATABASES } from './redis';
import { startRabbitMQ, startRedis } from './servers';
import { type TestServers } from './test-servers';

/** Virtual hosts that are added together: one takes almost as long as several. */
const BATCH = 8;
/** Virtual hosts that are removed together. */
const REMOVED_BATCH = 4;

/** Runs in jest's main process: starts one RabbitMQ and one Redis on the first request, and allocates parts of them to test files. */
export class TestServerPool {
  readonly #http: HttpServer;
  // The path is secret, so that other users of the machine cannot use the servers.
  readonly #path = `/${randomBytes(16).toString('hex')}`;
  #servers: Promise<[RabbitMQ, Redis]> | undefined;
  #allocated = 0;
  #batch: Promise<string[]> | undefined;
  /** By worker: its test file, and the virtual hosts of that file. */
  readonly #inUse = new Map<string, { readonly file: string; readonly hosts: string[] }>();
  readonly #unused: string[] = [];

  constructor(private readonly folder: string) {
    this.#http = createServer((request, response) => {
      // The next request may come just as an idle connection is closed, and would fail.
      response.setHeader('connection', 'close');
      const { pathname, searchParams } = new URL(request.url ?? '', 'http://127.0.0.1');
      if (pathname !== this.#path) {
        response.writeHead(404).end();
        return;
      }
      this.#allocate(searchParams.get('worker') ?? '', searchParams.get('file') ?? '').then(
        (share) => response.end(JSON.stringify(share)),
        (error: unknown) => response.writeHead(500).end(error instanceof Error ? error.message : String(error)),
      );
    });
  }

  /** Resolves with the URL that tests request their servers from; each adds its `worker` and `file` as parameters. */
  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#http.listen(0, '127.0.0.1', resolve));
    const address = this.#http.address();
    return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}${this.#path}`;
  }

  async stop(): Promise<void> {
    this.#http.close();
    this.#http.closeAllConnections();
    const servers = await this.#servers?.catch(() => undefined);
    await Promise.all(servers?.map((server) => server.stop()) ?? []);
  }

  async #allocate(worker: string, file: string): Promise<TestServers> {
    this.#servers ??= this.#startServers();
    const [rabbitmq, redis] = await this.#servers;
    const index = this.#allocated++;
    const database = index + 1;
    this.#use(worker, file, `test-${database}`);
    this.#removeUnused(rabbitmq);
    if (database >= REDIS_DATABASES) throw new Error('every Redis database of this run is in use');
    if (index % BATCH === 0)
      this.#batch = rabbitmq.addVirtualHosts(Array.from({ length: BATCH }, (_, one) => `test-${database + one}`));
    const amqpUrl = (await this.#batch)?.[index % BATCH];
    if (amqpUrl === undefined) throw new Error('the virtual hosts could not be added');
    return { amqpUrl, redisUrl: `${redis.url}/${database}` };
  }

  #use(worker: string, file: string, host: string): void {
    const current = this.#inUse.get(worker);
    if (current?.file === file) {
      current.hosts.push(host);
      return;
    }
    this.#unused.push(...(current?.hosts ?? []));
    this.#inUse.set(worker, { file, hosts: [host] });
  }

  /** A virtual host has 161 quorum queues or more, which take time even if they are idle and slow down each new one. */
  #removeUnused(rabbitmq: RabbitMQ): void {
    if (this.#unused.length < REMOVED_BATCH) return;
    // If it fails, tests are only slower.
    rabbitmq.removeVirtualHosts(this.#unused.splice(0)).catch(() => undefined);
  }

  #startServers(): Promise<[RabbitMQ, Redis]> {
    return Promise.all([
      startRabbitMQ({ folder: path.join(this.folder, 'rabbitmq') }),
      startRedis({ folder: path.join(this.folder, 'redis') }),
    ]);
  }
}
