import { BlockList, isIP } from 'node:net';

const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;
const MAPPED_PREFIX_BITS = 96;

/** IPv4 and IPv6 networks, for example `10.0.0.0/8, 2001:db8::/32, 192.0.2.7`. */
export class Networks {
  readonly #list = new BlockList();

  private constructor(private readonly texts: readonly string[]) {}

  /** Undefined if the text is not a list of networks. */
  static parse(text: string): Networks | undefined {
    const texts = text.split(/[\s,]+/).filter((part) => part !== '');
    const networks = new Networks(texts);
    return texts.length > 0 && texts.every((part) => networks.#add(part)) ? networks : undefined;
  }

  has(address: string): boolean {
    const normal = normalAddress(address);
    return normal !== undefined && this.#list.check(normal, isIP(normal) === 6 ? 'ipv6' : 'ipv4');
  }

  /** For the log line with the configuration. */
  toJSON(): string {
    return this.texts.join(',');
  }

  #add(text: string): boolean {
    const [, written = '', bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
    const address = normalAddress(written);
    if (address === undefined) return false;
    const version = isIP(address);
    const longest = version === 6 ? 128 : 32;
    const isMapped = isIP(written) === 6 && version === 4;
    const prefix = bits === undefined ? longest : Number(bits) - (isMapped ? MAPPED_PREFIX_BITS : 0);
    if (prefix < 0 || prefix > longest) return false;
    this.#list.addSubnet(address, prefix, version === 6 ? 'ipv6' : 'ipv4');
    return true;
  }
}

/** An IP address without zone, IPv4-mapped IPv6 addresses as IPv4; undefined if the text is not an address. */
export function normalAddress(text: string): string | undefined {
  const [address = ''] = text.trim().split('%');
  const bare = MAPPED.exec(address)?.[1] ?? address;
  return isIP(bare) === 0 ? undefined : bare;
}
