import { type Clock, SYSTEM_CLOCK } from '@pdaltagent/clock';
import { type Attempt } from '@pdaltagent/delivery';
import { type SendingDestination, type WebhookRequest } from '@pdaltagent/webhooks';
import { PostClient } from './post-client';

export interface WebhookClientOptions {
  /** Maximum connections to one host. */
  readonly maxSockets: number;
  /** Checked immediately before a request is sent; false: the attempt fails and nothing is sent. */
  readonly isSendingAllowed?: (() => boolean) | undefined;
  /** Timeout of destinations that have none of their own; milliseconds. */
  readonly timeoutMs: number;
  /** Authorities (PEM) that are trusted for every destination. */
  readonly certificateAuthorities: string | undefined;
  readonly clock?: Clock | undefined;
}

/** Posts webhooks, with a connection pool for each combination of timeout, TLS options and blocked addresses. */
export class WebhookClient {
  readonly #options: WebhookClientOptions;
  readonly #clients = new Map<string, PostClient>();

  constructor(options: WebhookClientOptions) {
    this.#options = options;
  }

  /** One attempt. Rejects only if the signal aborted it. */
  post(request: WebhookRequest, destination: SendingDestination, signal?: AbortSignal): Promise<Attempt> {
    return this.#clientFor(destination).post({ ...request, ...(signal === undefined ? {} : { signal }) });
  }

  /** Closes the pools that none of these destinations uses, once their requests in flight must have ended. */
  keepOnly(destinations: readonly SendingDestination[]): void {
    const { clock = SYSTEM_CLOCK } = this.#options;
    const used = new Set(destinations.map((destination) => this.#poolKey(destination)));
    for (const [key, client] of this.#clients) {
      if (used.has(key)) continue;
      this.#clients.delete(key);
      clock.after(LONGEST_ATTEMPT_MS, () => client.close());
    }
  }

  close(): void {
    for (const client of this.#clients.values()) client.close();
  }

  #clientFor(destination: SendingDestination): PostClient {
    const key = this.#poolKey(destination);
    const known = this.#clients.get(key);
    if (known !== undefined) return known;
    const client = this.#open(destination);
    this.#clients.set(key, client);
    return client;
  }

  #open({ timeoutMs = this.#options.timeoutMs, tls, allowsMetadataAddresses }: SendingDestination): PostClient {
    const { maxSockets, isSendingAllowed, certificateAuthorities, clock } = this.#options;
    const { ca, ...pair } = tls;
    const authorities = [certificateAuthorities, ca].filter((text) => text !== undefined);
    return new PostClient({
      maxSockets,
      isSendingAllowed,
      clock,
      connectTimeoutMs: timeoutMs,
      attemptTimeoutMs: timeoutMs,
      blocksForbiddenAddresses: !allowsMetadataAddresses,
      tls: { ...(authorities.length === 0 ? {} : { ca: authorities }), ...pair },
    });
  }

  #poolKey({ timeoutMs, tls, allowsMetadataAddresses }: SendingDestination): string {
    return JSON.stringify([timeoutMs, tls, allowsMetadataAddresses]);
  }
}

/** The maximum timeout of a destination. */
const LONGEST_ATTEMPT_MS = 600_000;
