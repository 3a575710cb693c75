import { X509Certificate, createPrivateKey } from 'node:crypto';
import { access } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';

/** Paths of a certificate (chain) and its private key, both PEM. */
export interface CertificateFiles {
  readonly certificate: string;
  readonly key: string;
}

/** A certificate and its matching private key. */
export interface CertificatePair {
  readonly cert: Buffer;
  readonly key: Buffer;
  /** SHA-256 of the certificate, as `openssl x509 -fingerprint -sha256` shows it. */
  readonly fingerprint: string;
  readonly validUntil: Date;
  /** What it is valid for, as `DNS:localhost, IP Address:127.0.0.1`. */
  readonly names: string;
}

/** Checks a pair. @throws Error that names the file if it is not valid PEM, or if the key does not match the certificate */
export function checkedPair(
  { certificate, key }: CertificateFiles,
  content: Pick<CertificatePair, 'cert' | 'key'>,
): CertificatePair {
  const x509 = attempt(`${certificate} is not a certificate`, () => new X509Certificate(content.cert));
  const privateKey = attempt(`${key} is not a private key, or has a passphrase`, () => createPrivateKey(content.key));
  if (!x509.checkPrivateKey(privateKey)) throw new Error(`the key in ${key} does not match ${certificate}`);
  attempt(`${certificate} cannot be used`, () => createSecureContext(content));
  const { fingerprint256: fingerprint, validTo, subjectAltName: names = '' } = x509;
  return { ...content, fingerprint, validUntil: new Date(validTo), names };
}

/** The error if a file of the configured pair is missing, naming its variable; otherwise undefined. */
export async function missingFileError({ certificate, key }: CertificateFiles): Promise<Error | undefined> {
  if (!(await exists(certificate))) return new Error(`PDAGENTD_TLS_CERT: ${certificate} does not exist`);
  if (!(await exists(key))) return new Error(`PDAGENTD_TLS_KEY: ${key} does not exist`);
  return undefined;
}

export async function filesExist({ certificate, key }: CertificateFiles): Promise<boolean> {
  return (await exists(certificate)) && (await exists(key));
}

export async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

function attempt<Result>(problem: string, make: () => Result): Result {
  try {
    return make();
  } catch (error) {
    throw new Error(problem, { cause: error });
  }
}
