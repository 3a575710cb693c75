import { BlockList, isIP } from 'node:net';
import { getProxyForUrl } from 'proxy-from-env';

type Environment = Readonly<Record<string, string | undefined>>;

/** The format of HTTPS_PROXY and similar variables; completes "must be …". */
export const PROXY_FORM =
  'http://host:port or https://host:port; user and password before the host as user:password@, with / ? # in them as %2F %3F %23';

/**
 * The URL of a proxy from an environment variable, as every agent can use it: without a scheme it is http, as for curl; a
 * percent sign in user or password that is no escape is taken literally. Undefined if the text is not a proxy.
 */
export function proxyOf(text: string): string | undefined {
  const trimmed = text.trim();
  const absolute = trimmed.includes('://') ? trimmed : `http://${trimmed}`;
  if (/\s/.test(absolute) || !URL.canParse(absolute)) return undefined;
  const url = new URL(absolute);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return undefined;
  if (url.hostname === '' || url.pathname !== '/' || url.search !== '' || url.hash !== '') return undefined;
  url.username = escapeStrayPercent(url.username);
  url.password = escapeStrayPercent(url.password);
  return url.href;
}

/**
 * The proxy for a URL by HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY (lower case first, as for curl). NO_PROXY may contain
 * address ranges. An empty text if there is no proxy. @throws Error if the variable does not contain a proxy
 */
export function proxyFor(url: URL, environment: Environment = process.env): string {
  const valueOf = (name: string): string => environment[name] || environment[name.toUpperCase()] || '';
  if (getProxyForUrl(url.href) === '' || isInRange(url.hostname, valueOf('no_proxy'))) return '';
  const name = `${url.protocol.slice(0, -1)}_proxy`;
  const proxy = proxyOf(valueOf(name) || valueOf('all_proxy'));
  if (proxy === undefined) throw new Error(`invalid proxy for ${url.protocol}// URLs: must be ${PROXY_FORM}`);
  return proxy;
}

function isInRange(hostname: string, list: string): boolean {
  const address = hostname.replace(/^\[|\]$/g, '');
  const version = isIP(address);
  if (version === 0) return false;
  const ranges = new BlockList();
  for (const entry of list.split(/[\s,]+/)) {
    const [network = '', bits = ''] = entry.split('/');
    const kind = isIP(network);
    if (kind === 0 || !/^\d{1,3}$/.test(bits) || Number(bits) > (kind === 4 ? 32 : 128)) continue;
    ranges.addSubnet(network, Number(bits), kind === 4 ? 'ipv4' : 'ipv6');
  }
  return ranges.check(address, version === 4 ? 'ipv4' : 'ipv6');
}

/** `URL` leaves a bare percent sign as it is, and decoding it fails. */
function escapeStrayPercent(text: string): string {
  const onlyStray = text.replace(/%(?![\da-f]{2})/gi, '%25');
  return isDecodable(onlyStray) ? onlyStray : text.replaceAll('%', '%25');
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
