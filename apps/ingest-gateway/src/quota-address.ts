import { isIP } from 'node:net';
import { normalAddress } from './networks';

const GROUPS = 8;
/** A host usually has all addresses of a /64. */
const PREFIX_GROUPS = 4;
/** `::ffff:0:0/96`, IPv4-mapped, and `64:ff9b::/96`, translated by a NAT64: each address in them is an IPv4 host. */
const OF_IPV4 = [
  ['0', '0', '0', '0', '0', 'ffff'],
  ['64', 'ff9b', '0', '0', '0', '0'],
];

/**
 * What an address counts as for quotas: an IPv6 address as its /64 (`2001:db8:0:1::/64`), because its host can take any other of that
 * network; IPv4 addresses as they are. Undefined if it is not an address.
 */
export function quotaAddressOf(text: string): string | undefined {
  const address = normalAddress(text);
  if (address === undefined || isIP(address) === 4) return address;
  const groups = groupsOf(address);
  if (OF_IPV4.some((prefix) => prefix.every((group, at) => groups[at] === group))) return ipv4Of(groups);
  return `${groups.slice(0, PREFIX_GROUPS).join(':')}::/64`;
}

/** The eight groups of an IPv6 address, without leading zeros. */
function groupsOf(address: string): string[] {
  // As WHATWG URLs write it: in lower case, hexadecimal only, the longest run of zeros as `::`.
  const [before = '', after] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const [head, tail] = [before, after ?? ''].map((part) => part.split(':').filter((group) => group !== ''));
  const written = [...(head ?? []), ...(tail ?? [])];
  return [...(head ?? []), ...Array.from({ length: GROUPS - written.length }, () => '0'), ...(tail ?? [])];
}

function ipv4Of(groups: readonly string[]): string {
  const bytes = groups.slice(-2).flatMap((group) => {
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
  return bytes.join('.');
}
