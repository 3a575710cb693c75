import { type Clock, SYSTEM_CLOCK } from '@pdaltagent/clock';
import { type Attempt } from '@pdaltagent/delivery';
import { type SendingDestination, type WebhookRequest } from '@pdaltagent/webhooks';
import { Poster } from './post-client';

export interface WebhookPostersOptions {
  /** Connections to one host at most. */
  readonly maxSockets: number;
  /** Asked in the very moment before a request is sent; false: the attempt fails and nothing is sent. */
  readonly maySend?: (() => boolean) | undefined;
  /** How long a destination without a time of its own may take; milliseconds. */
  readonly timeoutMs: number;
  /** Authorities in PEM that are trusted for every destination. */
  readonly certificateAuthorities: string | undefined;
  readonly clock?: Clock | undefined;
}

/** Posts webhooks, with a pool of connections for each way in which destinations are reached: time, TLS, guard. */
export class WebhookPosters {
  readonly #options: WebhookPostersOptions;
  readonly #posters = new Map<string, Poster>();

  constructor(options: WebhookPostersOptions) {
    this.#options = options;
  }

  /** One attempt. Rejects only where the signal ended it. */
  post(request: WebhookRequest, destination: SendingDestination, signal?: AbortSignal): Promise<Attempt> {
    return this.#posterOf(destination).post({ ...request, ...(signal === undefined ? {} : { signal }) });
  }

  /** Closes the pools that none of these destinations uses, once what they have on the wire must be over. */
  keepOnly(destinations: readonly SendingDestination[]): void {
    const { clock = SYSTEM_CLOCK } = this.#options;
    const used = new Set(destinations.map((destination) => this.#wayTo(destination)));
    for (const [way, poster] of this.#posters) {
      if (used.has(way)) continue;
      this.#posters.delete(way);
      clock.after(LONGEST_ATTEMPT_MS, () => poster.close());
    }
  }

  close(): void {
    for (const poster of this.#posters.values()) poster.close();
  }

  #posterOf(destination: SendingDestination): Poster {
    const way = this.#wayTo(destination);
    const known = this.#posters.get(way);
    if (known !== undefined) return known;
    const poster = this.#open(destination);
    this.#posters.set(way, poster);
    return poster;
  }

  #open({ timeoutMs = this.#options.timeoutMs, tls, allowsMetadataAddresses }: SendingDestination): Poster {
    const { maxSockets, maySend, certificateAuthorities, clock } = this.#options;
    const { ca, ...pair } = tls;
    const authorities = [certificateAuthorities, ca].filter((text) => text !== undefined);
    return new Poster({
      maxSockets,
      maySend,
      clock,
      connectTimeoutMs: timeoutMs,
      attemptTimeoutMs: timeoutMs,
      isGuarded: !allowsMetadataAddresses,
      tls: { ...(authorities.length === 0 ? {} : { ca: authorities }), ...pair },
    });
  }

  #wayTo({ timeoutMs, tls, allowsMetadataAddresses }: SendingDestination): string {
    return JSON.stringify([timeoutMs, tls, allowsMetadataAddresses]);
  }
}

/** The longest time that a destination may be given. */
const LONGEST_ATTEMPT_MS = 600_000;
