import { HttpProxyAgent, HttpsProxyAgent } from 'hpagent';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { rootCertificates } from 'node:tls';
import { forbiddenHost, guardedLookup, type Resolver } from './forbidden-addresses';
import { proxyFor } from './proxies';

/** Certificates in PEM. */
export interface TlsOptions {
  /** Additional trusted authorities, besides those that Node trusts. */
  readonly ca?: readonly string[];
  readonly certificate?: string;
  readonly key?: string;
}

export interface AgentOptions {
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

export type AnyAgent = HttpAgent | HttpsAgent;

/** Keep-alive agents, one per proxy and scheme, selected by HTTP_PROXY, HTTPS_PROXY and NO_PROXY. */
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

  /** Why nothing may be sent to the URL; undefined if it may. */
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
