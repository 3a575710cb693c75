import { type Clock, every, nextTurn, SYSTEM_CLOCK } from '@pdaltagent/clock';
import http from 'node:http';
import https from 'node:https';
import { type AddressInfo, Socket } from 'node:net';
import { type Duplex } from 'node:stream';
import { type ConnectionQuota } from './connection-quota';
import { declaresTooLarge } from './read-body';
import {
  isUntrusted,
  MAXIMUM_HEADERS,
  refuse,
  refuseMalformed,
  requestFaultOf,
  UNKNOWN_EXPECTATION,
} from './malformed';
import { reply } from './reply';
import { type RequestClasses } from './request-classes';
import { PendingResponses } from './pending-responses';

/** Connections of slow or silent clients are closed; others are kept open longer than most clients pause between two events. */
export const LIMITS = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 15_000,
  connectionsCheckingInterval: 2_000,
  maxHeaderSize: 16 * 1024,
  /** Until the TLS handshake is complete. */
  handshakeTimeout: 10_000,
  /** No traffic at all, for example because the client does not read responses; longer than RabbitMQ may take to confirm. */
  idleTimeout: 120_000,
};

const SWEEP_MS = 50;

/** While its body is paused, or as many bytes of responses wait, a connection is not read from; by default up to 64 KB wait. */
const WAITING_BYTES = 1024;

/** A port that the gateway listens on, and the variable that sets it. */
export interface ListenerOptions {
  readonly port: number;
  /** IP address to listen on; undefined: every address of this host. */
  readonly address?: string | undefined;
  readonly variable: string;
  /** TLS options; none: plain HTTP. */
  readonly tls?: https.ServerOptions;
  readonly limits?: Partial<typeof LIMITS>;
  /** Called for each connection that is closed because of a malformed request. */
  readonly onMalformed?: () => void;
  /** Called for each connection that is closed because its client did not present a required certificate. */
  readonly onUntrusted?: () => void;
  readonly connections?: ConnectionQuota | undefined;
  readonly clock?: Clock | undefined;
}

/** One HTTP or HTTPS server in front of the routes. */
export class Listener {
  readonly #server: http.Server | https.Server;
  readonly #options: ListenerOptions;

  constructor(handle: http.RequestListener, classes: RequestClasses, options: ListenerOptions) {
    this.#options = options;
    const { idleTimeout, ...limits } = { ...LIMITS, ...options.limits };
    // Otherwise Node itself would answer requests without a Host header, with an empty body.
    const serverOptions = { ...limits, ...classes, requireHostHeader: false, highWaterMark: WAITING_BYTES };
    const pending = new PendingResponses();
    const malformed = new WeakSet<Duplex>();
    const handleRequest = (request: http.IncomingMessage, response: http.ServerResponse): void => {
      pending.add(request.socket, response);
      const fault = requestFaultOf(request);
      if (fault === undefined) handle(request, response);
      else {
        options.onMalformed?.();
        // The rest of such a request could be mistaken for another request.
        malformed.add(request.socket);
        response.shouldKeepAlive = false;
        reply(request, response, fault);
      }
    };
    this.#server =
      options.tls === undefined
        ? http.createServer(serverOptions, handleRequest)
        : https.createServer({ ...serverOptions, ...options.tls }, handleRequest);
    const { connections } = options;
    if (connections !== undefined) this.#server.on('connection', (socket: Socket) => connections.add(socket));
    this.#server.maxHeadersCount = MAXIMUM_HEADERS;
    this.#server.setTimeout(idleTimeout, closeIfSilent);
    // A client that half-closes the connection after an event still waits for the response; by default Node would close it.
    Object.assign(this.#server, { httpAllowHalfOpen: true });
    this.#server.on('clientError', (error, socket) => {
      // A connection is refused once, whatever else it sends.
      if (malformed.has(socket)) return;
      malformed.add(socket);
      if (isUntrusted(error, socket)) options.onUntrusted?.();
      else options.onMalformed?.();
      // Events received before were accepted: their responses must precede the refusal.
      pending.whenResponded(socket, () => refuseMalformed(error, socket));
    });
    // A client that sends "Expect: 100-continue" need not send a body that is too large.
    this.#server.on('checkContinue', (request, response) => {
      if (!declaresTooLarge(request)) response.writeContinue();
      handleRequest(request, response);
    });
    this.#server.on('checkExpectation', (request, response) => {
      pending.add(request.socket, response);
      options.onMalformed?.();
      reply(request, response, UNKNOWN_EXPECTATION);
    });
    // Otherwise Node would close the connection without a response.
    this.#server.on('connect', (_request, socket) => {
      // Node has taken its own listeners off it: an error would end the process, and nothing would close it.
      socket.on('error', () => socket.destroy());
      if (socket instanceof Socket) socket.setTimeout(idleTimeout, () => socket.destroy());
      options.onMalformed?.();
      pending.whenResponded(socket, () => refuse(socket, 405, 'This is not a proxy', ['allow: POST']));
    });
  }

  /** The server if it uses TLS: its certificate can be replaced while it runs. */
  get secureServer(): https.Server | undefined {
    return this.#server instanceof https.Server ? this.#server : undefined;
  }

  /** Resolves with the port it listens on. @throws Error that names the variable if the port is in use */
  start(): Promise<number> {
    const { port, address: host, variable } = this.#options;
    return new Promise((resolve, reject) => {
      const fail = (error: NodeJS.ErrnoException): void =>
        reject(new Error(describeListenError(error, port, variable)));
      this.#server.once('error', fail);
      this.#server.listen({ port, ...(host === undefined ? {} : { host }) }, () => {
        this.#server.off('error', fail);
        resolve((this.#server.address() as AddressInfo).port);
      });
    });
  }

  /** Accepts no new connections, and resolves once all pending requests have been answered. */
  stop(): Promise<void> {
    if (!this.#server.listening) return Promise.resolve();
    this.#server.prependListener('request', (_request, response: http.ServerResponse) => {
      response.setHeader('connection', 'close');
    });
    // A connection whose response was begun before the stop stays open afterwards until one side closes it.
    const { clock = SYSTEM_CLOCK } = this.#options;
    const stopSweeping = every(clock, SWEEP_MS, () => this.#server.closeIdleConnections());
    return new Promise((resolve) => {
      this.#server.close(() => {
        stopSweeping();
        resolve();
      });
    });
  }

  /** Closes all connections immediately. */
  closeConnections(): void {
    this.#server.closeAllConnections();
  }
}

/**
 * After a pause of the process (a suspended machine, a stopped container) timers fire before the requests that arrived
 * meanwhile are read: a connection is idle only if there is nothing to read either.
 */
function closeIfSilent(socket: Socket): void {
  const { bytesRead } = socket;
  nextTurn(() => {
    if (socket.bytesRead === bytesRead) socket.destroy();
  });
}

function describeListenError(error: NodeJS.ErrnoException, port: number, variable: string): string {
  switch (error.code) {
    case 'EADDRINUSE':
      return `${variable}: port ${port} is in use by another process`;
    case 'EACCES':
      return `${variable}: port ${port} cannot be opened by this user (ports below 1024 need a privilege)`;
    case 'EADDRNOTAVAIL':
      return `PDAGENTD_LISTEN_ADDRESS is not an address of this host`;
    default:
      return `${variable}: port ${port} cannot be opened: ${error.message}`;
  }
}
