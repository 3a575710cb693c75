type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The proxy for an address by HTTPS_PROXY, HTTP_PROXY and NO_PROXY (lower case first, as in curl), if any. In a CGI script HTTP_PROXY
 * is the request's header `Proxy` (https://httpoxy.org): it is ignored there.
 */
export function proxyFor(target: URL, environment: Environment): { variable: string; url: string } | undefined {
  const name = target.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY';
  const isRequestHeader = name === 'HTTP_PROXY' && (environment['REQUEST_METHOD'] || environment['GATEWAY_INTERFACE']);
  for (const variable of isRequestHeader ? [name.toLowerCase()] : [name.toLowerCase(), name]) {
    const url = environment[variable];
    if (!url) continue;
    if (isExempt(target, environment['no_proxy'] || environment['NO_PROXY'] || '')) return undefined;
    return { variable, url: url.includes('://') ? url : `http://${url}` };
  }
  return undefined;
}

/** `*`, `host`, `host:port`, `.suffix` and `*.suffix`, separated by commas or spaces; a host includes its subdomains. */
function isExempt(target: URL, list: string): boolean {
  const host = target.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  const port = target.port || (target.protocol === 'https:' ? '443' : '80');
  return list
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .some((entry) => {
      if (entry === '*') return true;
      const { name, port: onlyPort } = hostAndPort(entry);
      return (onlyPort === undefined || onlyPort === port) && (host === name || host.endsWith(`.${name}`));
    });
}

function hostAndPort(entry: string): { name: string; port: string | undefined } {
  const [, address, addressPort] = /^\[(.*)\](?::(\d+))?$/.exec(entry) ?? [];
  if (address !== undefined) return { name: address, port: addressPort };
  const [host = '', port, more] = entry.split(':');
  // Two colons and no brackets: a bare IPv6 address.
  return more === undefined ? { name: host.replace(/^\*?\./, ''), port } : { name: entry, port: undefined };
}
