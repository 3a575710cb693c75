/**
 * How an IPv6 address contains an IPv4 address, to which a translator, a tunnel or the operating system passes on what is sent to it.
 * A translator may have any prefix of its network's own: those cannot be known here.
 */
interface Embedding {
  readonly prefix: RegExp;
  /** The four bytes' positions among the sixteen. */
  readonly bytes: readonly [number, number, number, number];
  readonly isInverted?: true;
  /** The prefix does not say where the IPv4 address is: this is one of several readings. */
  readonly isGuess?: true;
  readonly source: string;
}

const NAT64_LOCAL = /^0064ff9b0001/;
const RFC8215 = 'https://www.rfc-editor.org/rfc/rfc8215';

/** Prefixes are in hexadecimal, without colons. */
const EMBEDDINGS: readonly Embedding[] = [
  { prefix: /^0{20}ffff/, bytes: [12, 13, 14, 15], source: 'https://www.rfc-editor.org/rfc/rfc4291#section-2.5.5.2' },
  { prefix: /^0{24}/, bytes: [12, 13, 14, 15], source: 'https://www.rfc-editor.org/rfc/rfc4291#section-2.5.5.1' },
  { prefix: /^0{16}ffff0000/, bytes: [12, 13, 14, 15], source: 'https://www.rfc-editor.org/rfc/rfc2765#section-2.1' },
  { prefix: /^0064ff9b0{16}/, bytes: [12, 13, 14, 15], source: 'https://www.rfc-editor.org/rfc/rfc6052#section-2.1' },
  { prefix: NAT64_LOCAL, bytes: [12, 13, 14, 15], source: RFC8215 },
  { prefix: NAT64_LOCAL, bytes: [6, 7, 9, 10], isGuess: true, source: RFC8215 },
  { prefix: NAT64_LOCAL, bytes: [7, 9, 10, 11], isGuess: true, source: RFC8215 },
  { prefix: NAT64_LOCAL, bytes: [9, 10, 11, 12], isGuess: true, source: RFC8215 },
  { prefix: /^2002/, bytes: [2, 3, 4, 5], source: 'https://www.rfc-editor.org/rfc/rfc3056#section-2' },
  { prefix: /^20010000/, bytes: [4, 5, 6, 7], source: 'https://www.rfc-editor.org/rfc/rfc4380#section-4' },
  {
    prefix: /^20010000/,
    bytes: [12, 13, 14, 15],
    isInverted: true,
    source: 'https://www.rfc-editor.org/rfc/rfc4380#section-4',
  },
  {
    prefix: /^.{16}0[02]005efe/,
    bytes: [12, 13, 14, 15],
    source: 'https://www.rfc-editor.org/rfc/rfc5214#section-6.1',
  },
];

export interface EmbeddedAddress {
  readonly address: string;
  /** It may as well be a part of something else. */
  readonly isGuess: boolean;
}

/** The IPv4 addresses that an IPv6 address contains, or may contain. */
export function embeddedAddresses(address: string): readonly EmbeddedAddress[] {
  const hex = hexadecimal(address);
  if (LOOPBACK.test(hex)) return [];
  const all = Buffer.from(hex, 'hex');
  return EMBEDDINGS.filter(({ prefix }) => prefix.test(hex)).map(({ bytes, isInverted, isGuess = false }) => ({
    address: bytes.map((at) => (all[at] ?? 0) ^ (isInverted ? 255 : 0)).join('.'),
    isGuess,
  }));
}

/** `::1` has the form of an IPv4-compatible address. */
const LOOPBACK = /^0{31}1$/;

/** An IPv6 address as 32 digits. */
function hexadecimal(address: string): string {
  const { hostname } = new URL(`http://[${address}]`);
  const [head = '', tail] = hostname.slice(1, -1).split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array<string>(8 - before.length - after.length).fill('0');
  return [...before, ...zeros, ...after].map((group) => group.padStart(4, '0')).join('');
}
