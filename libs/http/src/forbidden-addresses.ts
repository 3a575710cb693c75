import { lookup as resolve, type LookupAddress, type LookupAllOptions } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { embeddedAddresses } from './embedded-addresses';
import { FORBIDDEN_NAMES, FORBIDDEN_RANGES, type ForbiddenRange } from './forbidden-address-list';

/** The `code` of an error: nothing may be sent to the address of the request. */
export const FORBIDDEN_ADDRESS = 'FORBIDDEN_ADDRESS';

/** Cloud metadata services, which serve credentials, and non-unicast addresses. Private networks and loopback are allowed. */
const forbidden = blockListOf(FORBIDDEN_RANGES);
/** For what only may be an address: most parts of an address that are read as one would be on `forbidden`. */
const metadata = blockListOf(FORBIDDEN_RANGES.filter(({ reason }) => reason === 'metadata' || reason === 'link-local'));

const names = new Set(FORBIDDEN_NAMES.map(({ name }) => name));

/** Whether requests to the IP address are blocked, in any of its spellings. */
export function isForbiddenAddress(address: string): boolean {
  const bare = address.replace(/%.*$/, '');
  if (isIP(bare) === 4) return forbidden.check(bare, 'ipv4');
  if (isIP(bare) === 0) return false;
  return (
    forbidden.check(bare, 'ipv6') ||
    embeddedAddresses(bare).some((found) => (found.isGuess ? metadata : forbidden).check(found.address, 'ipv4'))
  );
}

/**
 * Why requests to a URL are blocked, judged by the URL alone; undefined if its name has to be resolved first. `new URL` has
 * already normalized decimal, hexadecimal and octal IPv4 addresses to dotted ones.
 */
export function forbiddenHost({ hostname }: URL): string | undefined {
  const host = hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  if (isForbiddenAddress(host) || isForbiddenName(host.toLowerCase())) return explain(host);
  return undefined;
}

/** As `lookup` of node:dns. */
export type Resolver = (
  hostname: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, found: LookupAddress[]) => void,
) => void;

/**
 * Resolves a name for a connection and removes forbidden addresses. The connection uses the checked addresses: the name is not
 * resolved again.
 */
export function guardedLookup(resolver: Resolver = resolve): LookupFunction {
  return (hostname, options, callback) => {
    resolver(hostname, { ...options, all: true }, (error, found) => {
      if (error) return callback(error, []);
      const allowed = found.filter(({ address }) => !isForbiddenAddress(address));
      const [first] = allowed;
      if (first === undefined) return callback(refusal(hostname, found), []);
      if (options.all === true) callback(null, allowed);
      else callback(null, first.address, first.family);
    });
  };
}

function refusal(hostname: string, found: readonly LookupAddress[]): NodeJS.ErrnoException {
  const addresses = found.map(({ address }) => address).join(', ');
  return Object.assign(new Error(explain(`${hostname} (${addresses})`)), { code: FORBIDDEN_ADDRESS });
}

function explain(where: string): string {
  return `${where} is a metadata service, a link-local or a non-unicast address: nothing is sent there`;
}

/** Names below a name of a single label are other names: in Kubernetes, `api.metadata` is a service in the namespace `metadata`. */
function isForbiddenName(host: string): boolean {
  const labels = host.split('.');
  return names.has(host) || labels.slice(0, -2).some((_label, at) => names.has(labels.slice(at + 1).join('.')));
}

function blockListOf(ranges: readonly ForbiddenRange[]): BlockList {
  const list = new BlockList();
  for (const { range } of ranges) {
    const [address = '', prefix] = range.split('/');
    const family = address.includes(':') ? 'ipv6' : 'ipv4';
    if (prefix === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(prefix), family);
  }
  return list;
}
