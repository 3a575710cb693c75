import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { type Down } from './control/down';

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** The HTTP server, which can go down for a while and comes back on the same port. */
export class Listener {
  readonly #handler: RequestListener;
  readonly #host: string;
  #port: number;
  #server: Server | undefined;
  #upTimer: NodeJS.Timeout | undefined;
  #isResetting = false;
  #isStopped = false;

  constructor({ host, port }: Address, handler: RequestListener) {
    this.#host = host;
    this.#port = port;
    this.#handler = handler;
  }

  /** Listens, and resolves with the address, which has the actual port if 0 was requested. */
  async start(): Promise<Address> {
    const server = createServer({ keepAliveTimeout: 120_000, requestTimeout: 0 }, this.#handler);
    server.on('clientError', (_error, socket) => socket.destroy());
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host: this.#host, port: this.#port, backlog: 4096 }, resolve);
    });
    this.#server = server;
    // TCP only: the address is an object.
    this.#port = (server.address() as AddressInfo).port;
    return { host: this.#host, port: this.#port };
  }

  /** Whether requests outside the control API are reset. */
  get isResetting(): boolean {
    return this.#isResetting;
  }

  down({ mode, forMs }: Down): void {
    clearTimeout(this.#upTimer);
    if (mode === 'reset') this.#isResetting = true;
    // Sends the response to this request before connections are closed.
    else setImmediate(() => void this.#close());
    if (forMs !== undefined) this.#upTimer = setTimeout(() => void this.up(), forMs);
  }

  async up(): Promise<void> {
    clearTimeout(this.#upTimer);
    this.#isResetting = false;
    if (!this.#server && !this.#isStopped) await this.start();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#upTimer);
    await this.#close();
  }

  #close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    return new Promise((resolve) => {
      if (!server) return resolve();
      server.close(() => resolve());
      server.closeAllConnections();
    });
  }
}
