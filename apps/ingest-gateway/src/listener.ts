import { type Clock, every, nextTurn, SYSTEM_CLOCK } from '@pdaltagent/clock';
import http from 'node:http';
import https from 'node:https';
import { type AddressInfo, type Socket } from 'node:net';
import { type Duplex } from 'node:stream';
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

/** Slow or silent clients are closed; those that work are kept longer than most of them wait between two events. */
export const LIMITS = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 15_000,
  connectionsCheckingInterval: 2_000,
  maxHeaderSize: 16 * 1024,
  /** Until a TLS connection can carry requests. */
  handshakeTimeout: 10_000,
  /** Nothing at all goes over a connection, as where its client does not read its answers; over what RabbitMQ may take. */
  idleTimeout: 120_000,
};

const SWEEP_MS = 50;

/** A port that the gateway listens on, and the variable that sets it. */
export interface ListenerOptions {
  readonly port: number;
  readonly variable: string;
  /** TLS options; none: plain HTTP. */
  readonly tls?: https.ServerOptions;
  readonly limits?: Partial<typeof LIMITS>;
  /** Called for each connection that ends because of what came over it. */
  readonly onMalformed?: () => void;
  /** Called for each connection that ends because its client has not shown a certificate that is asked for. */
  readonly onUntrusted?: () => void;
  readonly clock?: Clock | undefined;
}

/** One HTTP or HTTPS server in front of the routes. */
export class Listener {
  readonly #server: http.Server | https.Server;
  readonly #options: ListenerOptions;

  constructor(handle: http.RequestListener, classes: RequestClasses, options: ListenerOptions) {
    this.#options = options;
    const { idleTimeout, ...limits } = { ...LIMITS, ...options.limits };
    // Without it Node would answer for itself where there is no Host header, and with an empty body.
    const serverOptions = { ...limits, ...classes, requireHostHeader: false };
    const pending = new PendingResponses();
    const malformed = new WeakSet<Duplex>();
    const handleRequest = (request: http.IncomingMessage, response: http.ServerResponse): void => {
      pending.add(request.socket, response);
      const fault = requestFaultOf(request);
      if (fault === undefined) handle(request, response);
      else {
        options.onMalformed?.();
        // What is left of such a request may look like another one.
        malformed.add(request.socket);
        response.shouldKeepAlive = false;
        reply(request, response, fault);
      }
    };
    this.#server =
      options.tls === undefined
        ? http.createServer(serverOptions, handleRequest)
        : https.createServer({ ...serverOptions, ...options.tls }, handleRequest);
    this.#server.maxHeadersCount = MAXIMUM_HEADERS;
    this.#server.setTimeout(idleTimeout, closeIfSilent);
    // Who ends its half of the connection behind an event still waits for the answer; by default Node would hang up.
    Object.assign(this.#server, { httpAllowHalfOpen: true });
    this.#server.on('clientError', (error, socket) => {
      // Whatever else comes over it, a connection is refused once.
      if (malformed.has(socket)) return;
      malformed.add(socket);
      if (isUntrusted(error, socket)) options.onUntrusted?.();
      else options.onMalformed?.();
      // Events that came before are taken: their answers have to come before the refusal.
      pending.whenAnswered(socket, () => refuseMalformed(error, socket));
    });
    // A client that asks before it sends a body is spared sending one that is too large.
    this.#server.on('checkContinue', (request, response) => {
      if (!declaresTooLarge(request)) response.writeContinue();
      handleRequest(request, response);
    });
    this.#server.on('checkExpectation', (request, response) => {
      pending.add(request.socket, response);
      options.onMalformed?.();
      reply(request, response, UNKNOWN_EXPECTATION);
    });
    // Without it Node would end the connection without a word.
    this.#server.on('connect', (_request, socket) => {
      options.onMalformed?.();
      pending.whenAnswered(socket, () => refuse(socket, 405, 'This is no proxy', ['allow: POST']));
    });
  }

  /** The server, where it speaks TLS: its certificate can be changed while it runs. */
  get secureServer(): https.Server | undefined {
    return this.#server instanceof https.Server ? this.#server : undefined;
  }

  /** Resolves with the port that is listened on. @throws Error that names the variable where the port is taken */
  start(): Promise<number> {
    const { port, variable } = this.#options;
    return new Promise((resolve, reject) => {
      const fail = (error: NodeJS.ErrnoException): void =>
        reject(new Error(describeListenError(error, port, variable)));
      this.#server.once('error', fail);
      this.#server.listen(port, () => {
        this.#server.off('error', fail);
        resolve((this.#server.address() as AddressInfo).port);
      });
    });
  }

  /** Takes no new connection, lets requests that are being answered end, and resolves once they have. */
  stop(): Promise<void> {
    if (!this.#server.listening) return Promise.resolve();
    this.#server.prependListener('request', (_request, response: http.ServerResponse) => {
      response.setHeader('connection', 'close');
    });
    // A connection whose answer was begun before the stop stays open behind it until somebody closes it.
    const { clock = SYSTEM_CLOCK } = this.#options;
    const stopSweeping = every(clock, SWEEP_MS, () => this.#server.closeIdleConnections());
    return new Promise((resolve) => {
      this.#server.close(() => {
        stopSweeping();
        resolve();
      });
    });
  }

  /** Ends every connection, whatever it is doing. */
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
      return `${variable}: port ${port} is taken by another process`;
    case 'EACCES':
      return `${variable}: port ${port} may not be opened by this user (below 1024 needs a privilege)`;
    default:
      return `${variable}: port ${port} cannot be opened: ${error.message}`;
  }
}
