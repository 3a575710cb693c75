import { custom } from './variable';

export interface ProxyFormat {
  /** Completes "wants …". */
  readonly wants: string;
  /** The proxy's URL; undefined for what is none. */
  readonly parse: (text: string) => string | undefined;
}

/**
 * For who sends over HTTP: the proxies are chosen by the environment at each request, so each is tried at start. Small letters
 * count first, as there.
 */
export function proxyVariables(form: ProxyFormat) {
  const proxy = (scheme: 'http' | 'https') => {
    const [lower, upper] = [`${scheme}_proxy`, `${scheme}_proxy`.toUpperCase()];
    return custom(
      upper,
      `proxy for ${scheme}:// URLs; NO_PROXY lists hosts and address ranges to connect to directly`,
      {
        ...form,
        aliases: [lower, 'ALL_PROXY', 'all_proxy'],
        lookup: [lower, upper, 'all_proxy', 'ALL_PROXY'],
        isFileRead: false,
        secret: true,
      },
    );
  };
  return { httpsProxy: proxy('https'), httpProxy: proxy('http') };
}
