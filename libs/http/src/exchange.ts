import { type Clock, nextTurn, SYSTEM_CLOCK } from '@pdaltagent/clock';
import { type AxiosAdapter, AxiosError, AxiosHeaders } from 'axios';
import { type IncomingMessage, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { type Agents } from './agents';
import { decodedBody } from './decoded-body';
import { FORBIDDEN_ADDRESS } from './forbidden-addresses';
import { type HttpResponse, OutgoingRequest } from './outgoing-request';

/** Why an exchange failed; the `code` of an error, in addition to Node's own codes. */
export const CONNECT_TIMEOUT = 'CONNECT_TIMEOUT';
export const ATTEMPT_TIMEOUT = 'ATTEMPT_TIMEOUT';
export const CUT_SHORT = 'CUT_SHORT';
/** The request was sent over an idle connection that the server had just closed. */
export const STALE_CONNECTION = 'STALE_CONNECTION';

const STALE_WITHIN_MS = 1_000;
/** The headers that axios sees: the real ones are in the data. */
const NO_HEADERS = new AxiosHeaders();

export interface ExchangeOptions {
  readonly agents: Agents;
  /** Until the connection is established, including TLS; milliseconds. */
  readonly connectTimeoutMs: number;
  /** Checked immediately before a request is sent; false: the attempt fails and nothing is sent. */
  readonly isSendingAllowed?: (() => boolean) | undefined;
  /** The whole attempt, to the last byte of the response; milliseconds. */
  readonly attemptTimeoutMs: number;
  /** Bytes of a response that are read; the rest is dropped and its connection closed. */
  readonly responseLimit: number;
  readonly clock?: Clock | undefined;
}

/**
 * An adapter for axios from `OutgoingRequest` to `HttpResponse`, over Node's own client. Axios' own adapter has no connect
 * timeout, follows redirects by default and takes twice the time.
 */
export function exchangeAdapter(options: ExchangeOptions): AxiosAdapter {
  // Nearly all requests go to the same URL.
  let latest = new URL('http://localhost/');
  let latestText = latest.href;
  return (config) =>
    new Promise((resolve, reject) => {
      const request: unknown = config.data;
      if (!(request instanceof OutgoingRequest)) throw new TypeError('the data is not an OutgoingRequest');
      if (request.url !== latestText) {
        latest = new URL(request.url);
        latestText = request.url;
      }
      const onResponse = (data: HttpResponse) =>
        resolve({ data, status: data.status, statusText: '', headers: NO_HEADERS, config });
      const onFailure = (code: string, message: string) => reject(new AxiosError(message, code, config));
      new Exchange(options, latest, request, { onResponse, onFailure, onAbort: reject }).start();
    });
}

/** How an exchange ends: exactly one of these is called, once. */
interface ExchangeCallbacks {
  onResponse(response: HttpResponse): void;
  onFailure(code: string, message: string): void;
  onAbort(reason: unknown): void;
}

class Exchange {
  readonly #options: ExchangeOptions;
  readonly #url: URL;
  readonly #request: OutgoingRequest;
  readonly #callbacks: ExchangeCallbacks;
  #isSettled = false;

  constructor(options: ExchangeOptions, url: URL, request: OutgoingRequest, callbacks: ExchangeCallbacks) {
    this.#options = options;
    this.#url = url;
    this.#request = request;
    this.#callbacks = callbacks;
  }

  start(): void {
    const { agents, connectTimeoutMs, attemptTimeoutMs, clock = SYSTEM_CLOCK } = this.#options;
    const { method, headers, body, signal } = this.#request;
    if (signal?.aborted === true) return this.#settle(() => this.#callbacks.onAbort(signal.reason));
    const startedAt = clock.monotonic();
    const url = this.#url;
    const refusal = agents.refusalOf(url);
    if (refusal !== undefined) return this.#fail(FORBIDDEN_ADDRESS, refusal);
    const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, {
      method,
      headers,
      agent: agents.for(url),
    });
    const fail = (code: string, message: string) => {
      this.#fail(code, message);
      request.destroy();
    };
    const cancelAttemptTimeout = clock.after(attemptTimeoutMs, () =>
      fail(ATTEMPT_TIMEOUT, `no response within ${attemptTimeoutMs} ms`),
    );
    // Through a proxy the socket is assigned only once the tunnel is established, so the timeout starts before that.
    const cancelConnectTimeout = clock.after(connectTimeoutMs, () =>
      fail(CONNECT_TIMEOUT, `no connection within ${connectTimeoutMs} ms`),
    );
    const send = () => {
      if (request.destroyed) return;
      // A kept-alive connection received a response before the request was sent.
      if (this.#isSettled) return void request.destroy();
      cancelConnectTimeout();
      // If the process was paused while connecting, another one may have taken over and sent this already.
      const wasPaused =
        clock.monotonic() - startedAt > connectTimeoutMs || this.#options.isSendingAllowed?.() === false;
      if (wasPaused) fail(CONNECT_TIMEOUT, 'the process was paused');
      else request.end(body);
    };
    request.once('socket', (socket) => {
      if (socket.connecting) socket.once(url.protocol === 'https:' ? 'secureConnect' : 'connect', send);
      // Together with all others of this event loop iteration: waking the receiver costs more than writing.
      else nextTurn(send);
    });
    const aborted = () => {
      this.#settle(() => this.#callbacks.onAbort(signal?.reason));
      request.destroy();
    };
    signal?.addEventListener('abort', aborted, { once: true });
    request.once('close', () => {
      cancelAttemptTimeout();
      cancelConnectTimeout();
      signal?.removeEventListener('abort', aborted);
      this.#fail(CUT_SHORT, 'the connection closed before the response was complete');
    });
    request.on('error', (error: NodeJS.ErrnoException) => {
      // Only right after the start: a process that was paused must not send again after another one has taken over.
      const isRecent = clock.monotonic() - startedAt < STALE_WITHIN_MS;
      const isStale = isRecent && request.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
      this.#fail(isStale ? STALE_CONNECTION : (error.code ?? 'UNKNOWN'), error.message);
    });
    request.once('response', (response) => {
      cancelConnectTimeout();
      this.#read(response);
    });
  }

  #read(response: IncomingMessage): void {
    const chunks: Buffer[] = [];
    let size = 0;
    const respond = () =>
      this.#settle(() =>
        this.#callbacks.onResponse({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: decodedBody(Buffer.concat(chunks), response.headers['content-encoding'], this.#options.responseLimit),
        }),
      );
    response.on('data', (chunk: Buffer) => {
      const available = this.#options.responseLimit - size;
      chunks.push(chunk.length > available ? chunk.subarray(0, available) : chunk);
      size += chunk.length;
      if (size <= this.#options.responseLimit) return;
      respond();
      response.destroy();
    });
    response.once('end', () => {
      if (response.complete) respond();
    });
    response.once('error', (error: NodeJS.ErrnoException) => this.#fail(CUT_SHORT, error.message));
  }

  #fail(code: string, message: string): void {
    this.#settle(() => this.#callbacks.onFailure(code, message));
  }

  #settle(end: () => void): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    end();
  }
}
