import { createHash, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { type CertificateFiles, type CertificatePair, checkedPair, missingFileError } from './tls-pair';

/** What the files of a server's certificate and of its clients' authorities held at one moment. */
export interface TlsSnapshot {
  readonly kind: 'usable';
  /** The same for the same content: a digest. */
  readonly content: string;
  readonly pair: CertificatePair;
  readonly authorities: Buffer | undefined;
}

/** Files that cannot serve, and why. */
export interface UnusableTlsSnapshot {
  readonly kind: 'problem';
  readonly content: string;
  readonly problem: Error;
}

/** Reads the files. Never throws: what is wrong with them is part of what was found. */
export async function readTlsSnapshot(
  files: CertificateFiles,
  clientAuthorities?: string,
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
  const missing = await missingFileError(files);
  const content = digest.digest('hex');
  try {
    if (missing !== undefined) throw missing;
    return {
      kind: 'usable',
      content,
      pair: checkedPair(files, { cert: contentOrThrow(cert), key: contentOrThrow(key) }),
      authorities: authorities === undefined ? undefined : authoritiesOf(clientAuthorities, authorities),
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

/** Node takes a file without a certificate for one that names nobody, and would refuse every client without a word. */
function authoritiesOf(file: string | undefined, found: Buffer | Error): Buffer {
  try {
    const bytes = contentOrThrow(found);
    const certificates = bytes.toString('latin1').match(PEM) ?? [];
    if (certificates.length === 0) throw new Error(`${file} holds no certificate`);
    for (const certificate of certificates) new X509Certificate(certificate);
    return bytes;
  } catch (error) {
    throw new Error(`PDAGENTD_TLS_CLIENT_CA: ${file} cannot be used`, { cause: error });
  }
}
