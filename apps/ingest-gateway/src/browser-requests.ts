import { type IncomingMessage } from 'node:http';
import { type HostNames } from './host-names';

/**
 * Why a request is refused because a page of another site may have made a browser send it; undefined if it is not. Senders that
 * are no browsers set neither of the headers. A page can send an event without reading the response, so reading needs no check.
 * @param hosts the names by which the gateway may be addressed; undefined: any
 */
export function crossSiteProblem(
  { method, headers }: IncomingMessage,
  hosts: HostNames | undefined,
): string | undefined {
  const { host, origin } = headers;
  // A name that an attacker's DNS server resolves to this gateway makes the attacker's page one of the same origin.
  if (hosts !== undefined && (host === undefined || !hosts.has(hostnameOf(host))))
    return 'This host name is not accepted';
  if (method === 'GET' || method === 'HEAD') return undefined;
  if (headers['sec-fetch-site'] === 'cross-site') return 'Requests from pages of other sites are not accepted';
  if (origin === undefined) return undefined;
  const from = URL.canParse(origin) ? new URL(origin) : undefined;
  if (from !== undefined && (from.host === host?.toLowerCase() || hosts?.has(from.hostname.replace(/^\[|\]$/g, ''))))
    return undefined;
  return 'Requests from pages of this origin are not accepted';
}

/** The name in a Host header, without port and brackets. */
function hostnameOf(host: string): string {
  return /^\[([^\]]*)\](?::\d+)?$/.exec(host)?.[1] ?? host.replace(/:\d+$/, '');
}
