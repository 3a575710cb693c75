import { lookup, lookupService } from 'node:dns/promises';
import { isIP } from 'node:net';
import { hostname } from 'node:os';

/** A host name, or a wildcard for all names directly below a domain (RFC 6125, 6.4.3). */
const NAME = /^(?:\*\.)?(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;
/** Without an embedded IPv4 address, which would be encoded incorrectly, and a zone, which a certificate cannot have. */
const IPV6 = /^[\da-f:]+$/;
/** The host name of a container defaults to its id, which differs for every container. */
const CONTAINER_ID = /^(?:[0-9a-f]{12}|[0-9a-f]{64})$/;
/** Valid on every host, for local clients. */
const LOCAL = ['localhost', '127.0.0.1', '::1'];

/** Names and addresses that a certificate is valid for. */
export class CertificateNames {
  private constructor(readonly names: readonly string[]) {}

  /** @param text names and IP addresses, separated by commas or spaces. @returns undefined if one of them is invalid */
  static parse(text: string): CertificateNames | undefined {
    const names = text
      .toLowerCase()
      .split(/[\s,]+/)
      .filter((name) => name !== '');
    return names.length > 0 && names.every(isCertificateName) ? new CertificateNames(names) : undefined;
  }

  /** The names of this host: its host name, and its fully qualified name if DNS or /etc/hosts has one. */
  static async ofThisHost(
    host = hostname(),
    fullNameOf: (host: string) => Promise<string | undefined> = fullName,
  ): Promise<CertificateNames> {
    const short = host.toLowerCase();
    if (CONTAINER_ID.test(short) || !NAME.test(short)) return new CertificateNames([]);
    const full = await fullNameOf(short).catch(() => undefined);
    const isFull = full !== undefined && full.startsWith(`${short}.`) && NAME.test(full);
    return new CertificateNames(isFull ? [short, full] : [short]);
  }

  /** All names, including those that are valid on every host. */
  get all(): readonly string[] {
    return [...new Set([...LOCAL, ...this.names])];
  }

  /** The same text for any order of names, for comparison and for the log line with the configuration. */
  toJSON(): string {
    return [...new Set(this.names)].sort().join(',');
  }
}

function isCertificateName(name: string): boolean {
  switch (isIP(name)) {
    case 4:
      return true;
    case 6:
      return IPV6.test(name);
    default:
      return NAME.test(name) && !/^[\d.]+$/.test(name);
  }
}

/** The fully qualified name, as `hostname --fqdn` finds it: the reverse lookup of the host name's address. */
async function fullName(host: string): Promise<string | undefined> {
  const { address } = await lookup(host);
  const { hostname: name } = await lookupService(address, 0);
  return name.toLowerCase();
}
