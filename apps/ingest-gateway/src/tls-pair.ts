import { X509Certificate, createPrivateKey } from 'node:crypto';
import { access } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';

/** Where a certificate (chain) and its private key lie, as PEM. */
export interface CertificateFiles {
  readonly certificate: string;
  readonly key: string;
}

/** A certificate and its private key, checked to belong together. */
export interface CertificatePair {
  readonly cert: Buffer;
  readonly key: Buffer;
  /** SHA-256 of the certificate, as `openssl x509 -fingerprint -sha256` shows it. */
  readonly fingerprint: string;
  readonly validUntil: Date;
}

/** A pair of what its files hold. @throws Error that names the file that is no PEM, or whose key is another certificate's */
export function checkedPair(
  { certificate, key }: CertificateFiles,
  content: Pick<CertificatePair, 'cert' | 'key'>,
): CertificatePair {
  const x509 = attempt(`${certificate} is no certificate`, () => new X509Certificate(content.cert));
  const privateKey = attempt(`${key} is no private key without a passphrase`, () => createPrivateKey(content.key));
  if (!x509.checkPrivateKey(privateKey)) throw new Error(`the key of ${key} is not that of ${certificate}`);
  attempt(`${certificate} cannot be used`, () => createSecureContext(content));
  return { ...content, fingerprint: x509.fingerprint256, validUntil: new Date(x509.validTo) };
}

/** Why a configured pair is not whole, named by its variable; undefined where it is. */
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
