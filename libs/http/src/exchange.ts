import { type Clock, nextTurn, SYSTEM_CLOCK } from '@pdaltagent/clock';
import { type AxiosAdapter, AxiosError, AxiosHeaders } from 'axios';
import { type IncomingMessage, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { type Agents } from './agents';
import { decodedBody } from './decoded-body';
import { FORBIDDEN_ADDRESS } from './forbidden-addresses';
import { type Answer, Sending } from './outgoing-request';

/** How an exchange ended before its time; in an error's `code` beside Node's own codes. */
export const CONNECT_TIMEOUT = 'CONNECT_TIMEOUT';
export const ATTEMPT_TIMEOUT = 'ATTEMPT_TIMEOUT';
export const CUT_SHORT = 'CUT_SHORT';
/** The request went out on a connection that had been idle, and its server had just closed it. */
export const STALE_CONNECTION = 'STALE_CONNECTION';

const STALE_WITHIN_MS = 1_000;
/** What axios is told of an answer's headers: they are in the data. */
const NO_HEADERS = new AxiosHeaders();

export interface ExchangeOptions {
  readonly agents: Agents;
  /** Until the connection stands, TLS included; milliseconds. */
  readonly connectTimeoutMs: number;
  /** Asked in the very moment before a request is sent; false: the attempt fails and nothing is sent. */
  readonly maySend?: (() => boolean) | undefined;
  /** The whole attempt, to the last byte of the answer; milliseconds. */
  readonly attemptTimeoutMs: number;
  /** Bytes of an answer that are read; the rest is dropped and its connection closed. */
  readonly answerLimit: number;
  readonly clock?: Clock | undefined;
}

/**
 * An adapter for axios: one `Sending`, one `Answer`, over Node's own client. In place of axios' own adapter, because that has
 * no timeout for connecting, follows redirects by default and costs twice the time.
 */
export function exchangeAdapter(options: ExchangeOptions): AxiosAdapter {
  // Nearly every request goes to one address.
  let latest = new URL('http://localhost/');
  let latestText = latest.href;
  return (config) =>
    new Promise((resolve, reject) => {
      const sending: unknown = config.data;
      if (!(sending instanceof Sending)) throw new TypeError('the data is no Sending');
      if (sending.url !== latestText) {
        latest = new URL(sending.url);
        latestText = sending.url;
      }
      const answered = (data: Answer) =>
        resolve({ data, status: data.status, statusText: '', headers: NO_HEADERS, config });
      const failed = (code: string, message: string) => reject(new AxiosError(message, code, config));
      new Exchange(options, latest, sending, { answered, failed, aborted: reject }).start();
    });
}

/** How an exchange ends: one of them is called, once. */
interface End {
  answered(answer: Answer): void;
  failed(code: string, message: string): void;
  aborted(reason: unknown): void;
}

class Exchange {
  readonly #options: ExchangeOptions;
  readonly #url: URL;
  readonly #sending: Sending;
  readonly #end: End;
  #over = false;

  constructor(options: ExchangeOptions, url: URL, sending: Sending, end: End) {
    this.#options = options;
    this.#url = url;
    this.#sending = sending;
    this.#end = end;
  }

  start(): void {
    const { agents, connectTimeoutMs, attemptTimeoutMs, clock = SYSTEM_CLOCK } = this.#options;
    const { method, headers, body, signal } = this.#sending;
    if (signal?.aborted === true) return this.#settle(() => this.#end.aborted(signal.reason));
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
    const cancelWhole = clock.after(attemptTimeoutMs, () =>
      fail(ATTEMPT_TIMEOUT, `no answer within ${attemptTimeoutMs} ms`),
    );
    // Through a proxy the socket comes only once the tunnel stands, so the clock starts before it.
    const cancelConnecting = clock.after(connectTimeoutMs, () =>
      fail(CONNECT_TIMEOUT, `no connection within ${connectTimeoutMs} ms`),
    );
    const send = () => {
      if (request.destroyed) return;
      // A kept connection brought an answer that nobody had asked for.
      if (this.#over) return void request.destroy();
      cancelConnecting();
      // A process that was paused while it connected may have a successor, which has sent this already.
      const wasPaused = clock.monotonic() - startedAt > connectTimeoutMs || this.#options.maySend?.() === false;
      if (wasPaused) fail(CONNECT_TIMEOUT, 'the process was paused');
      else request.end(body);
    };
    request.once('socket', (socket) => {
      if (socket.connecting) socket.once(url.protocol === 'https:' ? 'secureConnect' : 'connect', send);
      // Together with all others of this turn of the event loop: to wake the receiver costs more than to write.
      else nextTurn(send);
    });
    const aborted = () => {
      this.#settle(() => this.#end.aborted(signal?.reason));
      request.destroy();
    };
    signal?.addEventListener('abort', aborted, { once: true });
    request.once('close', () => {
      cancelWhole();
      cancelConnecting();
      signal?.removeEventListener('abort', aborted);
      this.#fail(CUT_SHORT, 'the connection closed before the answer was complete');
    });
    request.on('error', (error: NodeJS.ErrnoException) => {
      // Only right after the start: a process that was paused must not post again behind its successor.
      const fresh = clock.monotonic() - startedAt < STALE_WITHIN_MS;
      const stale = fresh && request.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
      this.#fail(stale ? STALE_CONNECTION : (error.code ?? 'UNKNOWN'), error.message);
    });
    request.once('response', (response) => {
      cancelConnecting();
      this.#read(response);
    });
  }

  #read(response: IncomingMessage): void {
    const chunks: Buffer[] = [];
    let size = 0;
    const answer = () =>
      this.#settle(() =>
        this.#end.answered({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: decodedBody(Buffer.concat(chunks), response.headers['content-encoding'], this.#options.answerLimit),
        }),
      );
    response.on('data', (chunk: Buffer) => {
      const room = this.#options.answerLimit - size;
      chunks.push(chunk.length > room ? chunk.subarray(0, room) : chunk);
      size += chunk.length;
      if (size <= this.#options.answerLimit) return;
      answer();
      response.destroy();
    });
    response.once('end', () => {
      if (response.complete) answer();
    });
    response.once('error', (error: NodeJS.ErrnoException) => this.#fail(CUT_SHORT, error.message));
  }

  #fail(code: string, message: string): void {
    this.#settle(() => this.#end.failed(code, message));
  }

  #settle(end: () => void): void {
    if (this.#over) return;
    this.#over = true;
    end();
  }
}
