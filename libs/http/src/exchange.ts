import { type Clock } from '@pdaltagent/clock';
import { type Dispatcher, errors } from 'undici';
import { type Connection } from './connection';
import { type ConnectionPool } from './connection-pool';
import { decodedBody } from './decoded-body';
import { type HttpResponse, type OutgoingRequest } from './outgoing-request';

/** Why an exchange failed; the `code` of an error, in addition to Node's and undici's own codes. */
export const CONNECT_TIMEOUT = 'CONNECT_TIMEOUT';
export const ATTEMPT_TIMEOUT = 'ATTEMPT_TIMEOUT';
export const CUT_SHORT = 'CUT_SHORT';
/** The request was sent over an idle connection that the server had just closed. */
export const STALE_CONNECTION = 'STALE_CONNECTION';

const STALE_WITHIN_MS = 1_000;
/** Errors of a connection that its server closed. */
const CLOSED_BY_SERVER: ReadonlySet<string> = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']);

/** Of a request that can never be sent, such as one with a header that undici does not support. */
const REFUSALS = [errors.InvalidArgumentError, errors.NotSupportedError, errors.RequestContentLengthMismatchError];

type Headers = Parameters<NonNullable<Dispatcher.DispatchHandler['onResponseStart']>>[2];

export interface ExchangeLimits {
  /** Until the connection is established, including TLS; milliseconds. */
  readonly connectTimeoutMs: number;
  /** Checked immediately before a request is sent; false: the attempt fails and nothing is sent. */
  readonly isSendingAllowed?: (() => boolean) | undefined;
  /** The whole attempt, to the last byte of the response; milliseconds. */
  readonly attemptTimeoutMs: number;
  /** Bytes of a response that are read; the rest is dropped and its connection closed. */
  readonly responseLimit: number;
}

/** How an exchange ends: exactly one of these is called, once. */
export interface ExchangeCallbacks {
  onResponse(response: HttpResponse): void;
  onFailure(code: string, message: string): void;
  /** With the reason of the caller's signal, or because the request itself is not sound: that is no fault of a network. */
  onAbort(reason: unknown): void;
}

/** One request and its response. Undici calls the methods whose names begin with "on". */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly dispatchOptions: Dispatcher.DispatchOptions;
  readonly #pool: ConnectionPool;
  readonly #limits: ExchangeLimits;
  readonly #clock: Clock;
  readonly #signal: AbortSignal | undefined;
  readonly #callbacks: ExchangeCallbacks;
  readonly #startedAt: number;
  #cancelTimeout: () => void = () => undefined;
  #connection: Connection | undefined;
  #isSettled = false;
  #isSent = false;
  #isConnectionReused = false;
  #status = 0;
  #headers: Headers = {};
  readonly #chunks: Buffer[] = [];
  #size = 0;

  constructor(
    pool: ConnectionPool,
    path: string,
    { method, headers, body, signal }: OutgoingRequest,
    limits: ExchangeLimits,
    clock: Clock,
    callbacks: ExchangeCallbacks,
  ) {
    this.dispatchOptions = { path, method, headers, ...(body === undefined ? {} : { body }) };
    this.#pool = pool;
    this.#limits = limits;
    this.#clock = clock;
    this.#signal = signal;
    this.#callbacks = callbacks;
    this.#startedAt = clock.monotonic();
  }

  start(): void {
    this.#signal?.addEventListener('abort', this, { once: true });
    const { connectTimeoutMs, attemptTimeoutMs } = this.#limits;
    // Nearly all exchanges end before the first timeout: one timer is enough for both.
    if (attemptTimeoutMs <= connectTimeoutMs) this.#limitAttempt(attemptTimeoutMs);
    else
      this.#cancelTimeout = this.#clock.after(connectTimeoutMs, () => {
        if (this.#isSent) this.#limitAttempt(attemptTimeoutMs - connectTimeoutMs);
        else this.#stop(CONNECT_TIMEOUT, `no connection within ${connectTimeoutMs} ms`);
      });
    this.#pool.send(this);
  }

  /** The pool chose a connection. */
  sendOver(connection: Connection): void {
    this.#connection = connection;
    connection.send(this);
  }

  /** The signal was aborted. */
  handleEvent(): void {
    if (!this.#settle()) return;
    this.#callbacks.onAbort(this.#signal?.reason);
    this.#abandon('the exchange was aborted');
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#isSettled) return controller.abort(new Error('nothing is sent'));
    const { connectTimeoutMs, isSendingAllowed } = this.#limits;
    // If the process was paused while connecting, another one may have taken over and sent this already.
    const wasPaused = this.#clock.monotonic() - this.#startedAt > connectTimeoutMs || isSendingAllowed?.() === false;
    if (wasPaused) {
      this.#fail(CONNECT_TIMEOUT, 'the process was paused');
      return controller.abort(new Error('nothing is sent'));
    }
    this.#isSent = true;
    this.#isConnectionReused = this.#connection?.wasUsed === true;
    this.#connection?.noteSending();
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: Headers): void {
    if (status < 200) return;
    this.#status = status;
    this.#headers = headers;
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    const available = this.#limits.responseLimit - this.#size;
    this.#chunks.push(chunk.length > available ? chunk.subarray(0, available) : chunk);
    this.#size += chunk.length;
    if (this.#size <= this.#limits.responseLimit) return;
    this.#respond();
    this.#abandon('the response is too long');
  }

  onResponseEnd(): void {
    const connection = this.#connection;
    // Before whoever receives the response sends the next request, and after undici has finished with this one.
    if (connection !== undefined) queueMicrotask(() => this.#pool.release(connection));
    this.#respond();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    const connection = this.#connection;
    if (this.#isSettled || connection === undefined) return;
    if (!this.#isSent && connection.wasUsed && connection.isClosed) {
      // The server closed the idle connection before the request was written.
      this.#connection = undefined;
      this.#pool.send(this);
      return;
    }
    if (REFUSALS.some((refusal) => error instanceof refusal)) {
      if (this.#settle()) this.#callbacks.onAbort(error);
      return this.#abandon(error.message);
    }
    const code = 'code' in error && typeof error.code === 'string' ? error.code : 'UNKNOWN';
    const isCutShort = this.#status > 0 || error instanceof errors.HTTPParserError;
    // Only right after the start: a process that was paused must not send again after another one has taken over.
    const isRecent = this.#clock.monotonic() - this.#startedAt < STALE_WITHIN_MS;
    const isStale = isRecent && this.#isConnectionReused && CLOSED_BY_SERVER.has(code);
    this.#stop(isCutShort ? CUT_SHORT : isStale ? STALE_CONNECTION : code, error.message);
  }

  #limitAttempt(afterMs: number): void {
    this.#cancelTimeout = this.#clock.after(afterMs, () =>
      this.#stop(ATTEMPT_TIMEOUT, `no response within ${this.#limits.attemptTimeoutMs} ms`),
    );
  }

  #respond(): void {
    if (!this.#settle()) return;
    const [first, ...more] = this.#chunks;
    const bytes = first === undefined || more.length > 0 ? Buffer.concat(this.#chunks) : first;
    const headers = singleValued(this.#headers);
    const body = decodedBody(bytes, headers['content-encoding'], this.#limits.responseLimit);
    this.#callbacks.onResponse({ status: this.#status, headers, body });
  }

  #stop(code: string, message: string): void {
    this.#fail(code, message);
    this.#abandon(message);
  }

  #fail(code: string, message: string): void {
    if (this.#settle()) this.#callbacks.onFailure(code, message);
  }

  /** Its connection cannot be used again: the request may be half sent, or the response half received. */
  #abandon(why: string): void {
    if (this.#connection === undefined) this.#pool.takeBack(this);
    else this.#connection.close(new Error(why));
  }

  /** Whether this is the first end. */
  #settle(): boolean {
    if (this.#isSettled) return false;
    this.#isSettled = true;
    this.#cancelTimeout();
    this.#signal?.removeEventListener('abort', this);
    return true;
  }
}

/** Of a header that was received twice, the first value is taken, as Node does. */
function singleValued(headers: Headers): HttpResponse['headers'] {
  const single: HttpResponse['headers'] = {};
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    single[name] = typeof value === 'string' ? value : value?.[0];
  }
  return single;
}
