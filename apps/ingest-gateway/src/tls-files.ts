import { createHash, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { type CertificateFiles, type CertificatePair, checkedPair, missingFileError } from './tls-pair';

/** The contents of the files with the server's certificate and the clients' authorities, read together. */
export interface TlsSnapshot {
  readonly kind: 'usable';
  /** A digest of the content. */
  readonly content: string;
  readonly pair: CertificatePair;
  readonly authorities: Buffer | undefined;
  readonly revocations: Buffer | undefined;
}

/** Files that cannot be used, and why. */
export interface UnusableTlsSnapshot {
  readonly kind: 'problem';
  readonly content: string;
  readonly problem: Error;
}

/** Reads the files. Never throws: problems are part of the result. */
export async function readTlsSnapshot(
  files: CertificateFiles,
  clientAuthorities?: string,
  clientRevocations?: string,
): Promise<TlsSnapshot | UnusableTlsSnapshot> {
  const digest = createHash('sha256');
  const read = async (file: string): Promise<Buffer | Error> => {
    const found = await readFile(file).catch((error: unknown) => new Error(`${file} cannot be read`, { cause: error }));
    digest.update(`${file}\0${found instanceof Error ? 'unreadable' : found.length}\0`);
    if (!(found instanceof Error)) digest.update(found);
    return found;
  };
  const cert = await read(files.certificate);
  const key = await read(files.key);
  const authorities = clientAuthorities === undefined ? undefined : await read(clientAuthorities);
  const revocations = clientRevocations === undefined ? undefined : await read(clientRevocations);
  const missing = await missingFileError(files);
  const content = digest.digest('hex');
  try {
    if (missing !== undefined) throw missing;
    return {
      kind: 'usable',
      content,
      pair: checkedPair(files, { cert: contentOrThrow(cert), key: contentOrThrow(key) }),
      authorities: authorities === undefined ? undefined : authoritiesOf(clientAuthorities, authorities),
      revocations: revocations === undefined ? undefined : revocationsOf(clientRevocations, revocations),
    };
  } catch (error) {
    return { kind: 'problem', content, problem: error instanceof Error ? error : new Error(String(error)) };
  }
}

function contentOrThrow(found: Buffer | Error): Buffer {
  if (found instanceof Error) throw found;
  return found;
}

const PEM = /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[^]*?-----END (?:TRUSTED |X509 )?CERTIFICATE-----/g;

/** Node silently accepts a file without a certificate as an empty list of authorities, and would refuse every client. */
function authoritiesOf(file: string | undefined, found: Buffer | Error): Buffer {
  try {
    const bytes = contentOrThrow(found);
    const certificates = bytes.toString('latin1').match(PEM) ?? [];
    if (certificates.length === 0) throw new Error(`${file} contains no certificate`);
    for (const certificate of certificates) new X509Certificate(certificate);
    return bytes;
  } catch (error) {
    throw new Error(`PDAGENTD_TLS_CLIENT_CA: ${file} cannot be used`, { cause: error });
  }
}

/** Node silently accepts a file without a revocation list, and would then check none. */
function revocationsOf(file: string | undefined, found: Buffer | Error): Buffer {
  try {
    const bytes = contentOrThrow(found);
    if (!bytes.includes('-----BEGIN X509 CRL-----')) throw new Error(`${file} contains no revocation list`);
    createSecureContext({ crl: bytes });
    return bytes;
  } catch (error) {
    throw new Error(`PDAGENTD_TLS_CLIENT_CRL: ${file} cannot be used`, { cause: error });
  }
}
