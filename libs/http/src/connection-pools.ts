import { ConnectionPool } from './connection-pool';
import { Connector, type TlsOptions } from './connector';
import { forbiddenHost, guardedLookup, type Resolver } from './forbidden-addresses';
import { proxyFor } from './proxies';

export interface ConnectionOptions {
  /** Maximum connections to one host. */
  readonly maxSockets: number;
  readonly tls?: TlsOptions;
  /**
   * Refuses metadata services and link-local addresses: by the URL, and after its name was resolved. Through a proxy only by
   * the URL, because the proxy resolves the name.
   */
  readonly blocksForbiddenAddresses?: boolean;
  /** Resolves names if forbidden addresses are blocked; the default is the system's resolver. */
  readonly resolver?: Resolver;
}

/** Kept-alive connections by server, through the proxy that HTTP_PROXY, HTTPS_PROXY and NO_PROXY select. */
export class ConnectionPools {
  readonly #options: ConnectionOptions;
  readonly #connectors = new Map<string, Connector>();
  readonly #pools = new Map<string, ConnectionPool>();

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  /** @throws Error if a variable for this URL does not contain a proxy */
  for(url: URL): ConnectionPool {
    const known = this.#pools.get(url.origin);
    if (known !== undefined) return known;
    const pool = new ConnectionPool(url, this.#connectorFor(proxyFor(url)), this.#options.maxSockets);
    this.#pools.set(url.origin, pool);
    return pool;
  }

  /** Why nothing may be sent to the URL; undefined if it may. */
  refusalOf(url: URL): string | undefined {
    return this.#options.blocksForbiddenAddresses === true ? forbiddenHost(url) : undefined;
  }

  close(): void {
    const error = Object.assign(new Error('the connections were closed'), { code: 'ECONNRESET' });
    for (const pool of this.#pools.values()) pool.close(error);
  }

  #connectorFor(proxy: string): Connector {
    const { tls, blocksForbiddenAddresses, resolver } = this.#options;
    const known = this.#connectors.get(proxy);
    if (known !== undefined) return known;
    const connector = new Connector({
      proxy: proxy === '' ? undefined : new URL(proxy),
      tls,
      lookup: blocksForbiddenAddresses === true ? guardedLookup(resolver) : undefined,
    });
    this.#connectors.set(proxy, connector);
    return connector;
  }
}
