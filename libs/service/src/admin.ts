import { createServer, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';
import { type Registry } from 'prom-client';

export interface Readiness {
  /** Whether the process can work now. */
  readonly ready: boolean;
  /** The state of each dependency, for example `broker: connected`; never an error text. */
  readonly checks: Readonly<Record<string, string>>;
}

export interface AdminOptions {
  readonly port: number;
  /** IP address to listen on; undefined: every address of this host. */
  readonly address?: string | undefined;
  readonly metrics: Registry;
  readonly readiness: () => Readiness;
  /** Called for a request that was answered 500, for example because a metric cannot be collected. */
  readonly onError?: (error: unknown) => void;
}

/** The admin port: `/healthz` (the process is alive), `/readyz` (it can work), `/metrics` (Prometheus text format). */
export class AdminServer {
  readonly #server: Server;
  readonly #options: AdminOptions;

  constructor(options: AdminOptions) {
    this.#options = options;
    this.#server = createServer((request, response) => {
      this.#respond(request.url ?? '/', request.method ?? 'GET', response).catch((error: unknown) => {
        options.onError?.(error);
        response.writeHead(500, { 'content-type': 'text/plain' }).end('internal error\n');
      });
    });
  }

  /** Resolves with the port it listens on; rejects if the port is in use. */
  start(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      const { port, address: host } = this.#options;
      this.#server.listen({ port, ...(host === undefined ? {} : { host }) }, () => {
        this.#server.off('error', reject);
        resolve((this.#server.address() as AddressInfo).port);
      });
    });
  }

  stop(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  async #respond(url: string, method: string, response: ServerResponse): Promise<void> {
    const path = url.split('?', 1)[0];
    if (method !== 'GET' && method !== 'HEAD') {
      response.writeHead(405, { allow: 'GET, HEAD' }).end();
      return;
    }
    switch (path) {
      case '/healthz':
        response.writeHead(200, { 'content-type': 'text/plain' }).end('ok\n');
        return;
      case '/readyz': {
        const readiness = this.#options.readiness();
        response
          .writeHead(readiness.ready ? 200 : 503, { 'content-type': 'application/json' })
          .end(`${JSON.stringify(readiness)}\n`);
        return;
      }
      case '/metrics': {
        const text = await this.#options.metrics.metrics();
        response.writeHead(200, { 'content-type': this.#options.metrics.contentType }).end(text);
        return;
      }
      default:
        response.writeHead(404, { 'content-type': 'text/plain' }).end('try /healthz, /readyz or /metrics\n');
    }
  }
}
