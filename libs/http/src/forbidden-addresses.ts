import { lookup as resolve, type LookupAddress, type LookupAllOptions } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

/** The `code` of an error: nothing may be sent to the address of the request. */
export const FORBIDDEN_ADDRESS = 'FORBIDDEN_ADDRESS';

/** Cloud metadata services, which serve credentials, and non-unicast addresses. Private networks and loopback are allowed. */
const forbidden = new BlockList();
forbidden.addSubnet('169.254.0.0', 16, 'ipv4'); // link-local: metadata of AWS, Azure, Google Cloud, OpenStack, DigitalOcean
forbidden.addAddress('100.100.100.200', 'ipv4'); // metadata of Alibaba Cloud
forbidden.addAddress('192.0.0.192', 'ipv4'); // metadata of Oracle Cloud, classic
forbidden.addAddress('168.63.129.16', 'ipv4'); // the wire server of Azure
forbidden.addSubnet('0.0.0.0', 8, 'ipv4'); // this host
forbidden.addSubnet('224.0.0.0', 4, 'ipv4'); // multicast
forbidden.addSubnet('240.0.0.0', 4, 'ipv4'); // reserved, and broadcast
forbidden.addSubnet('fe80::', 10, 'ipv6'); // link-local
forbidden.addAddress('fd00:ec2::254', 'ipv6'); // metadata of AWS
forbidden.addAddress('fd20:ce::254', 'ipv6'); // metadata of Google Cloud
forbidden.addAddress('fd00:42::42', 'ipv6'); // metadata of Scaleway
forbidden.addAddress('::', 'ipv6'); // this host
forbidden.addSubnet('ff00::', 8, 'ipv6'); // multicast

/** Names of metadata services, for when a proxy resolves names. */
const FORBIDDEN_NAMES = new Set(['metadata', 'metadata.google.internal', 'metadata.goog', 'instance-data']);

/** IPv6 prefixes of which a part is an IPv4 address, with the first of its two groups: NAT64, 6to4, mapped. */
const EMBEDDINGS = [
  { prefix: '0064:ff9b:0000:0000:0000:0000:', group: 6 },
  { prefix: '2002:', group: 1 },
  { prefix: '0000:0000:0000:0000:0000:ffff:', group: 6 },
] as const;

/** Whether requests to the IP address are blocked, in any of its spellings. */
export function isForbiddenAddress(address: string): boolean {
  const bare = address.replace(/%.*$/, '');
  if (isIP(bare) === 4) return forbidden.check(bare, 'ipv4');
  if (isIP(bare) === 0) return false;
  return forbidden.check(bare, 'ipv6') || embeddedAddresses(bare).some((found) => forbidden.check(found, 'ipv4'));
}

/**
 * Why requests to a URL are blocked, judged by the URL alone; undefined if its name has to be resolved first. `new URL` has
 * already normalized decimal, hexadecimal and octal IPv4 addresses to dotted ones.
 */
export function forbiddenHost({ hostname }: URL): string | undefined {
  const host = hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  if (isForbiddenAddress(host) || FORBIDDEN_NAMES.has(host.toLowerCase())) return explain(host);
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

function embeddedAddresses(address: string): string[] {
  const groups = groupsOf(address);
  const text = groups.join(':');
  return EMBEDDINGS.filter(({ prefix }) => text.startsWith(prefix)).map(({ group }) => {
    const bits = Number.parseInt(`${groups[group] ?? ''}${groups[group + 1] ?? ''}`, 16);
    return [bits >>> 24, (bits >>> 16) & 255, (bits >>> 8) & 255, bits & 255].join('.');
  });
}

/** The eight groups of an IPv6 address, four digits each. */
function groupsOf(address: string): string[] {
  const { hostname } = new URL(`http://[${address}]`);
  const [head = '', tail] = hostname.slice(1, -1).split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array<string>(8 - before.length - after.length).fill('0');
  return [...before, ...zeros, ...after].map((group) => group.padStart(4, '0'));
}
