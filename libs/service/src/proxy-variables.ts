import { custom } from './variable';

export interface ProxyForm {
  /** Completes "wants …". */
  readonly wants: string;
  /** The proxy's URL; undefined for what is none. */
  readonly parse: (text: string) => string | undefined;
}

/** For who sends over HTTP: the proxies are chosen by the environment at each request, so each is tried at start. */
export function proxyVariables(form: ProxyForm) {
  const proxy = (scheme: 'http' | 'https') =>
    custom(
      `${scheme}_proxy`.toUpperCase(),
      `the proxy for ${scheme}:// URLs; NO_PROXY excepts hosts and ranges of addresses`,
      {
        ...form,
        aliases: [`${scheme}_proxy`, 'ALL_PROXY', 'all_proxy'],
        secret: true,
      },
    );
  return { httpsProxy: proxy('https'), httpProxy: proxy('http') };
}
