import { X509Certificate, createPrivateKey } from 'node:crypto';
import { access, readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';

/** Where a certificate (chain) and its private key lie, as PEM. */
export interface PairFiles {
  readonly certificate: string;
  readonly key: string;
}

/** A certificate and its private key, checked to belong together. */
export interface Pair {
  readonly cert: Buffer;
  readonly key: Buffer;
  /** SHA-256 of the certificate, as `openssl x509 -fingerprint -sha256` shows it. */
  readonly fingerprint: string;
  readonly validUntil: Date;
}

/** @throws Error that names the file where one cannot be read, is no PEM, or the key is another certificate's */
export async function readPair({ certificate, key }: PairFiles): Promise<Pair> {
  const pair = { cert: await readNamed(certificate), key: await readNamed(key) };
  const x509 = attempt(`${certificate} is no certificate`, () => new X509Certificate(pair.cert));
  const privateKey = attempt(`${key} is no private key without a passphrase`, () => createPrivateKey(pair.key));
  if (!x509.checkPrivateKey(privateKey)) throw new Error(`the key of ${key} is not that of ${certificate}`);
  attempt(`${certificate} cannot be used`, () => createSecureContext(pair));
  return { ...pair, fingerprint: x509.fingerprint256, validUntil: new Date(x509.validTo) };
}

export async function filesExist({ certificate, key }: PairFiles): Promise<boolean> {
  return (await exists(certificate)) && (await exists(key));
}

export async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

function readNamed(file: string): Promise<Buffer> {
  return readFile(file).catch((error: unknown) => {
    throw new Error(`${file} cannot be read`, { cause: error });
  });
}

function attempt<Result>(problem: string, make: () => Result): Result {
  try {
    return make();
  } catch (error) {
    throw new Error(problem, { cause: error });
  }
}
