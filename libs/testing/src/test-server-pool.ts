import { randomBytes } from 'node:crypto';
import { createServer, type Server as HttpServer } from 'node:http';
import path from 'node:path';
import { type RabbitMQ, type Redis } from './server';
import { REDIS_DATABASES } from './redis';
import { startRabbitMQ, startRedis } from './servers';
import { type TestServers } from './test-servers';

/** Virtual hosts that are added together: one takes almost as long as several. */
const BATCH = 8;

/** Runs in jest's main process: starts one RabbitMQ and one Redis on the first request, and allocates parts of them to test files. */
export class TestServerPool {
  readonly #http: HttpServer;
  // The path is secret, so that other users of the machine cannot use the servers.
  readonly #path = `/${randomBytes(16).toString('hex')}`;
  #servers: Promise<[RabbitMQ, Redis]> | undefined;
  #allocated = 0;
  #batch: Promise<string[]> | undefined;

  constructor(private readonly folder: string) {
    this.#http = createServer((request, response) => {
      // The next request may come just as an idle connection is closed, and would fail.
      response.setHeader('connection', 'close');
      if (request.url !== this.#path) {
        response.writeHead(404).end();
        return;
      }
      this.#allocate().then(
        (share) => response.end(JSON.stringify(share)),
        (error: unknown) => response.writeHead(500).end(error instanceof Error ? error.message : String(error)),
      );
    });
  }

  /** Resolves with the URL that tests request their servers from. */
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

  async #allocate(): Promise<TestServers> {
    this.#servers ??= this.#startServers();
    const [rabbitmq, redis] = await this.#servers;
    const index = this.#allocated++;
    const database = index + 1;
    if (database >= REDIS_DATABASES) throw new Error('every Redis database of this run is in use');
    if (index % BATCH === 0)
      this.#batch = rabbitmq.addVirtualHosts(Array.from({ length: BATCH }, (_, one) => `test-${database + one}`));
    const amqpUrl = (await this.#batch)?.[index % BATCH];
    if (amqpUrl === undefined) throw new Error('the virtual hosts could not be added');
    return { amqpUrl, redisUrl: `${redis.url}/${database}` };
  }

  #startServers(): Promise<[RabbitMQ, Redis]> {
    return Promise.all([
      startRabbitMQ({ folder: path.join(this.folder, 'rabbitmq') }),
      startRedis({ folder: path.join(this.folder, 'redis') }),
    ]);
  }
}
