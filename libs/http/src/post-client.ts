import { type Clock } from '@pdaltagent/clock';
import { type Attempt } from '@pdaltagent/delivery';
import { type AxiosInstance, isAxiosError } from 'axios';
import axiosRetry from 'axios-retry';
import { ConnectionPools } from './connection-pools';
import { type TlsOptions } from './connector';
import { STALE_CONNECTION } from './exchange';
import { exchangeAdapter } from './exchange-adapter';
import { faultOf } from './fault';
import { type Resolver } from './forbidden-addresses';
import { createClient, type HttpResponse, OutgoingRequest } from './outgoing-request';

export interface PostClientOptions {
  /** Until a connection is established; milliseconds. The default is 5 s. */
  readonly connectTimeoutMs?: number;
  /** One whole attempt; milliseconds. The default is 15 s. */
  readonly attemptTimeoutMs?: number;
  /** Maximum connections to one host. */
  readonly maxSockets: number;
  /** Checked immediately before a request is sent; false: the attempt fails and nothing is sent. */
  readonly isSendingAllowed?: (() => boolean) | undefined;
  readonly tls?: TlsOptions;
  /** Refuses metadata services and link-local addresses. */
  readonly blocksForbiddenAddresses?: boolean;
  /** Resolves names if forbidden addresses are blocked; the default is the system's resolver. */
  readonly resolver?: Resolver;
  readonly clock?: Clock | undefined;
}

export interface PostRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Sent unchanged. */
  readonly body: Buffer;
  /** Aborts the attempt: the promise is then rejected with the signal's reason. */
  readonly signal?: AbortSignal;
}

const RESPONSE_LIMIT = 64 * 1024;

const DEFAULT_HEADERS = { accept: 'application/json', 'accept-encoding': 'identity' };

/** Sends POST requests to one kind of destination over kept-alive connections. One call is one attempt; it never retries. */
export class PostClient {
  readonly #pools: ConnectionPools;
  readonly #client: AxiosInstance;

  constructor({
    connectTimeoutMs = 5_000,
    attemptTimeoutMs = 15_000,
    maxSockets,
    isSendingAllowed,
    tls,
    blocksForbiddenAddresses = false,
    resolver,
    clock,
  }: PostClientOptions) {
    this.#pools = new ConnectionPools({
      maxSockets,
      blocksForbiddenAddresses,
      ...(tls === undefined ? {} : { tls }),
      ...(resolver === undefined ? {} : { resolver }),
    });
    this.#client = createClient(
      exchangeAdapter({
        pools: this.#pools,
        connectTimeoutMs,
        attemptTimeoutMs,
        responseLimit: RESPONSE_LIMIT,
        isSendingAllowed,
        clock,
      }),
    );
    // A kept-alive connection that its server had just closed says nothing about the destination: tried again on a new one.
    axiosRetry(this.#client, { retries: 1, retryCondition: (error) => error.code === STALE_CONNECTION });
  }

  /** The outcome of the attempt. Rejects only if the caller's signal aborted it. */
  async post({ url, headers, body, signal }: PostRequest): Promise<Attempt> {
    try {
      const request = new OutgoingRequest({
        method: 'POST',
        url,
        headers: { ...DEFAULT_HEADERS, ...headers },
        body,
        signal,
      });
      const { data: response } = await this.#client.request<HttpResponse>({ data: request });
      return {
        kind: 'response',
        status: response.status,
        retryAfter: textOf(response.headers['retry-after'] ?? response.headers['ratelimit-reset']),
        date: textOf(response.headers.date),
        body: response.body,
        contentType: textOf(response.headers['content-type']),
        server: textOf(response.headers.server),
      };
    } catch (error) {
      signal?.throwIfAborted();
      if (!isAxiosError(error)) throw error;
      return { kind: 'fault', fault: faultOf(error), detail: error.message };
    }
  }

  close(): void {
    this.#pools.close();
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
