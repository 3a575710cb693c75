import { HttpProxyAgent, HttpsProxyAgent } from 'hpagent';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { rootCertificates } from 'node:tls';
import { forbiddenHost, guardedLookup, type Resolver } from './forbidden-addresses';
import { proxyFor } from './proxies';

/** Certificates in PEM. */
export interface TlsOptions {
  /** Further authorities that are trusted, beside those that Node trusts. */
  readonly ca?: readonly string[];
  readonly certificate?: string;
  readonly key?: string;
}

export interface AgentOptions {
  /** Connections to one host at most. */
  readonly maxSockets: number;
  readonly tls?: TlsOptions;
  /**
   * Refuses metadata services and link-local addresses: by the URL, and after its name was resolved. Through a proxy only by
   * the URL, for it is the proxy that resolves.
   */
  readonly blocksForbiddenAddresses?: boolean;
  /** Resolves names where that is guarded; the default is the system's. */
  readonly resolver?: Resolver;
}

export type AnyAgent = HttpAgent | HttpsAgent;

/** Keep-alive agents, one per proxy and scheme, chosen by the environment's HTTP_PROXY, HTTPS_PROXY and NO_PROXY. */
export class Agents {
  readonly #options: AgentOptions;
  readonly #agents = new Map<string, AnyAgent>();
  readonly #byOrigin = new Map<string, AnyAgent>();

  constructor(options: AgentOptions) {
    this.#options = options;
  }

  for(url: URL): AnyAgent {
    const known = this.#byOrigin.get(url.origin);
    if (known !== undefined) return known;
    const proxy = proxyFor(url);
    const kind = `${url.protocol} ${proxy}`;
    const agent = this.#agents.get(kind) ?? this.#create(url.protocol === 'https:', proxy);
    this.#agents.set(kind, agent);
    this.#byOrigin.set(url.origin, agent);
    return agent;
  }

  /** Why nothing is sent to the URL; undefined where it may be. */
  refusalOf(url: URL): string | undefined {
    return this.#options.blocksForbiddenAddresses === true ? forbiddenHost(url) : undefined;
  }

  close(): void {
    for (const agent of this.#agents.values()) agent.destroy();
  }

  #create(secure: boolean, proxy: string): AnyAgent {
    const { maxSockets, tls, blocksForbiddenAddresses, resolver } = this.#options;
    const pool = {
      keepAlive: true,
      keepAliveMsecs: 10_000,
      maxSockets,
      maxFreeSockets: maxSockets,
      scheduling: 'lifo' as const,
      ...(blocksForbiddenAddresses === true && proxy === '' ? { lookup: guardedLookup(resolver) } : {}),
    };
    if (!secure) return proxy === '' ? new HttpAgent(pool) : new HttpProxyAgent({ ...pool, proxy });
    const secured = {
      ...pool,
      minVersion: 'TLSv1.2' as const,
      ...(tls?.ca === undefined ? {} : { ca: [...rootCertificates, ...tls.ca] }),
      ...(tls?.certificate === undefined ? {} : { cert: tls.certificate }),
      ...(tls?.key === undefined ? {} : { key: tls.key }),
    };
    return proxy === '' ? new HttpsAgent(secured) : new HttpsProxyAgent({ ...secured, proxy });
  }
}
