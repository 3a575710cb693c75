import { type Clock } from '@pdaltagent/clock';
import { type Fault } from '@pdaltagent/delivery';
import { type AxiosInstance, isAxiosError } from 'axios';
import { ConnectionPools } from './connection-pools';
import { type TlsOptions } from './connector';
import { exchangeAdapter } from './exchange-adapter';
import { faultOf } from './fault';
import { createClient, type HttpResponse, OutgoingRequest } from './outgoing-request';

export interface GetClientOptions {
  /** Maximum connections to one host. */
  readonly maxSockets: number;
  /** Until a connection is established; milliseconds. The default is 5 s. */
  readonly connectTimeoutMs?: number;
  /** One whole attempt; milliseconds. */
  readonly attemptTimeoutMs: number;
  /** Bytes of a response that are read. */
  readonly responseLimit: number;
  readonly tls?: TlsOptions;
  readonly clock?: Clock | undefined;
}

/** The result of one GET. Header names are in lower case. */
export type GetResult =
  | {
      readonly kind: 'response';
      readonly status: number;
      readonly headers: Readonly<Record<string, unknown>>;
      readonly body: string;
    }
  | { readonly kind: 'fault'; readonly fault: Fault; readonly detail: string };

const DEFAULT_HEADERS = { accept: 'application/json, text/plain, */*', 'accept-encoding': 'identity' };

/** Sends GET requests over kept-alive connections, through the same proxies as a PostClient. One call is one attempt. */
export class GetClient {
  readonly #pools: ConnectionPools;
  readonly #client: AxiosInstance;

  constructor({ maxSockets, connectTimeoutMs = 5_000, attemptTimeoutMs, responseLimit, tls, clock }: GetClientOptions) {
    this.#pools = new ConnectionPools({ maxSockets, ...(tls === undefined ? {} : { tls }) });
    this.#client = createClient(
      exchangeAdapter({ pools: this.#pools, connectTimeoutMs, attemptTimeoutMs, responseLimit, clock }),
    );
  }

  /** Rejects only if the caller's signal aborted it. */
  async get(url: string, headers: Readonly<Record<string, string>>, signal?: AbortSignal): Promise<GetResult> {
    try {
      const request = new OutgoingRequest({ method: 'GET', url, headers: { ...DEFAULT_HEADERS, ...headers }, signal });
      const { data: response } = await this.#client.request<HttpResponse>({ data: request });
      return { kind: 'response', ...response };
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
