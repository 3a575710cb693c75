import { timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';
import { type Registry } from 'prom-client';
import { bearerTokenIn, tokenDigest } from './bearer-token';

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
  /** Requests for the metrics must present it; undefined: they need none. Probes never do: kubelet and Docker have no token. */
  readonly metricsToken?: string | undefined;
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
      this.#respond(request, response).catch((error: unknown) => {
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

  async #respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { url = '/', method = 'GET' } = request;
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
        if (!this.#maySeeMetrics(request)) {
          const headers = { 'www-authenticate': 'Bearer', 'content-type': 'text/plain' };
          response
            .writeHead(401, headers)
            .end('Authorization: Bearer with the token of PDAGENTD_METRICS_TOKEN is required\n');
          return;
        }
        const text = await this.#options.metrics.metrics();
        response.writeHead(200, { 'content-type': this.#options.metrics.contentType }).end(text);
        return;
      }
      default:
        response.writeHead(404, { 'content-type': 'text/plain' }).end('try /healthz, /readyz or /metrics\n');
    }
  }

  #maySeeMetrics({ headers }: IncomingMessage): boolean {
    const { metricsToken } = this.#options;
    if (metricsToken === undefined) return true;
    const presented = bearerTokenIn(headers.authorization) ?? '';
    return timingSafeEqual(tokenDigest(presented), tokenDigest(metricsToken));
  }
}
