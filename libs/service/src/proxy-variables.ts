import { custom } from './variable';

export interface ProxyFormat {
  /** Completes "must be …". */
  readonly mustBe: string;
  /** The proxy's URL; undefined if the text is not a proxy. */
  readonly parse: (text: string) => string | undefined;
}

/**
 * For services that send HTTP requests: the environment selects the proxy of each request, so all proxies are validated at start.
 * As there, lower-case names take precedence.
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
