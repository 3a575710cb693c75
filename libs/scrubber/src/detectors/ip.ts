import { type Detector, matchSpan, RANK, scanWith } from '../detector';

const OCTET = '(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)';
const IPV4 = new RegExp(`(?<![\\w.])${OCTET}(?:\\.${OCTET}){3}(?![\\w]|\\.\\d)`, 'g');
const OTHER_NUMBER =
  /(?<![a-z])(?:version|ver|v|release|firmware|build|oid|chrome|chromium|agent|driver|chapter|section)["']? ?[ :=#/]{0,2}["']?v?$/;

/** Groups of hexadecimal digits with at least two colons. */
const IPV6 = /(?<![\w:.])(?:[\da-f]{1,4}:{1,2}|::){1,8}(?:[\da-f]{0,4})(?:\.\d{1,3}){0,3}(?![\w:])/gi;

/** RFC 4291: eight groups, or fewer with one `::`, the last two possibly written as IPv4. */
export function isIpv6(text: string): boolean {
  const [head = '', tail, ...more] = text.split('::');
  if (more.length > 0) return false;
  const groups = [...head.split(':'), ...(tail ?? '').split(':')].filter((group) => group !== '');
  const mapped = groups.at(-1)?.includes('.') === true ? 1 : 0;
  if (head.startsWith(':') || head.endsWith(':') || tail?.startsWith(':') || tail?.endsWith(':')) return false;
  if (
    !groups.every(
      (group, index) =>
        /^[\da-f]{1,4}$/i.test(group) || (index === groups.length - 1 && /^\d{1,3}(?:\.\d{1,3}){3}$/.test(group)),
    )
  )
    return false;
  return tail === undefined ? groups.length + mapped === 8 : groups.length + mapped < 8 && groups.length > 0;
}

export const ipv4: Detector = {
  name: 'ip',
  kind: 'IP_ADDRESS',
  rank: RANK.optional + 2,
  optional: true,
  patterns: [IPV4, OTHER_NUMBER],
  needs: (traits) => traits.digits >= 4,
  scan: scanWith(IPV4, (match, context) =>
    OTHER_NUMBER.test(context.wordsBefore(match.index)) ? undefined : matchSpan(match),
  ),
  examples: {
    matches: [{ text: 'client 192.0.2.10:443 blocked', found: '192.0.2.10' }],
    ignores: ['version 2.3.4.5', 'OID 1.3.6.1.2.1', '256.1.1.1', '1.2.3'],
  },
};

export const ipv6: Detector = {
  name: 'ipv6',
  kind: 'IPV6_ADDRESS',
  rank: RANK.optional + 2,
  optional: true,
  patterns: [IPV6],
  needs: (traits) => traits.assignment,
  scan: scanWith(IPV6, (match) => (isIpv6(match[0]) ? matchSpan(match) : undefined)),
  examples: {
    matches: [
      { text: 'client 2001:db8::1 blocked', found: '2001:db8::1' },
      { text: 'ping6 684D:1111:222:3333:4444:5555:6:77 lost', found: '684D:1111:222:3333:4444:5555:6:77' },
    ],
    ignores: ['std::vector', 'at 12:30:45', 'abc:def:ghi', 'a::b::c', '::'],
  },
};
