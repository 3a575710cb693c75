import { type Clock } from '@pdaltagent/clock';
import { type Attempt } from '@pdaltagent/delivery';
import { type AxiosInstance, isAxiosError } from 'axios';
import axiosRetry from 'axios-retry';
import { Agents, type TlsOptions } from './agents';
import { exchangeAdapter, STALE_CONNECTION } from './exchange';
import { faultOf } from './fault';
import { type Resolver } from './forbidden-addresses';
import { type Answer, createClient, Sending } from './outgoing-request';

export interface PosterOptions {
  /** Until a connection stands; milliseconds. The default is 5 s. */
  readonly connectTimeoutMs?: number;
  /** One whole attempt; milliseconds. The default is 15 s. */
  readonly attemptTimeoutMs?: number;
  /** Connections to one host at most. */
  readonly maxSockets: number;
  /** Asked in the very moment before a request is sent; false: the attempt fails and nothing is sent. */
  readonly maySend?: (() => boolean) | undefined;
  readonly tls?: TlsOptions;
  /** Refuses metadata services and link-local addresses. */
  readonly isGuarded?: boolean;
  /** Resolves names where that is guarded; the default is the system's. */
  readonly resolver?: Resolver;
  readonly clock?: Clock | undefined;
}

export interface Post {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Sent as it is. */
  readonly body: Buffer;
  /** Ends the attempt: the promise is then rejected with the signal's reason. */
  readonly signal?: AbortSignal;
}

const ANSWER_LIMIT = 64 * 1024;

const ALWAYS = { accept: 'application/json', 'accept-encoding': 'identity' };

/** Posts to one kind of destination over connections that are kept. One call is one attempt; it never loops. */
export class Poster {
  readonly #agents: Agents;
  readonly #client: AxiosInstance;

  constructor({
    connectTimeoutMs = 5_000,
    attemptTimeoutMs = 15_000,
    maxSockets,
    maySend,
    tls,
    isGuarded = false,
    resolver,
    clock,
  }: PosterOptions) {
    this.#agents = new Agents({
      maxSockets,
      isGuarded,
      ...(tls === undefined ? {} : { tls }),
      ...(resolver === undefined ? {} : { resolver }),
    });
    this.#client = createClient(
      exchangeAdapter({
        agents: this.#agents,
        connectTimeoutMs,
        attemptTimeoutMs,
        answerLimit: ANSWER_LIMIT,
        maySend,
        clock,
      }),
    );
    // A kept connection that its server had just closed says nothing about the destination: once more, on a fresh one.
    axiosRetry(this.#client, { retries: 1, retryCondition: (error) => error.code === STALE_CONNECTION });
  }

  /** What the attempt came to. Rejects only where the caller's signal ended it. */
  async post({ url, headers, body, signal }: Post): Promise<Attempt> {
    try {
      const sending = new Sending({ method: 'POST', url, headers: { ...ALWAYS, ...headers }, body, signal });
      const { data: answer } = await this.#client.request<Answer>({ data: sending });
      return {
        kind: 'answer',
        status: answer.status,
        retryAfter: textOf(answer.headers['retry-after'] ?? answer.headers['ratelimit-reset']),
        date: textOf(answer.headers.date),
        body: answer.body,
        contentType: textOf(answer.headers['content-type']),
        server: textOf(answer.headers.server),
      };
    } catch (error) {
      signal?.throwIfAborted();
      if (!isAxiosError(error)) throw error;
      return { kind: 'fault', fault: faultOf(error), detail: error.message };
    }
  }

  close(): void {
    this.#agents.close();
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
