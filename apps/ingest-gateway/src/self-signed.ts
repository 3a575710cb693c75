import { type Clock } from '@pdaltagent/clock';
import { X509Certificate } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import path from 'node:path';
import { CertificateNames } from './certificate-names';
import { type CertificateFiles, exists, filesExist } from './tls-pair';

/** Long, because clients that pin the certificate lose pages once it expires. */
const LIFETIME_YEARS = 10;

/** The pair of a state folder. */
export interface StatePair {
  readonly files: CertificateFiles;
  /** `provided`: the operator's own pair, which is never replaced. */
  readonly origin: 'generated' | 'kept' | 'provided';
}

/**
 * The self-signed pair of a state folder. Clients that trust it reject any other, so it is generated only if there is none
 * yet, or if the configured names have changed since. A pair that is not self-signed was put there by the operator.
 * @param configured names that it is valid for; undefined: those of this host
 */
export async function selfSignedPair(
  stateFolder: string,
  configured: CertificateNames | undefined,
  clock: Clock,
): Promise<StatePair> {
  const folder = path.join(stateFolder, 'tls');
  const files = { certificate: path.join(folder, 'cert.pem'), key: path.join(folder, 'key.pem') };
  const wanted = configured?.toJSON() ?? '';
  const isThere = await filesExist(files);
  // The names are no proof: they remain if the operator overwrites only the certificate and the key.
  if (isThere && !(await isSelfSigned(files.certificate))) return { files, origin: 'provided' };
  if (isThere && (await madeFor(folder)) === wanted) return { files, origin: 'kept' };
  await mkdir(stateFolder, { recursive: true });
  const draft = await mkdtemp(path.join(stateFolder, 'tls-'));
  try {
    const { cert, private: key } = await generatePair(configured ?? (await CertificateNames.ofThisHost()), clock);
    await writeFile(path.join(draft, 'cert.pem'), cert, { mode: 0o644 });
    await writeFile(path.join(draft, 'key.pem'), key, { mode: 0o600 });
    await writeFile(path.join(draft, NAMES_FILE), wanted, { mode: 0o644 });
    // Senders on this host may read the certificate; the key has its own mode.
    await chmod(draft, 0o755);
    if (isThere) await renameOldPair(folder);
    await rename(draft, folder);
    return { files, origin: 'generated' };
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    // Another gateway that shares the folder was faster: both must use the same certificate.
    if (await filesExist(files)) return { files, origin: 'kept' };
    if (await exists(folder)) {
      throw new Error(
        `${folder} contains only part of a pair: put cert.pem and key.pem there, or remove it to generate a new pair`,
      );
    }
    throw error;
  }
}

/** The file with the configured names of a pair; missing or empty: the names of the host, as in pairs of earlier versions. */
const NAMES_FILE = 'names';

async function madeFor(folder: string): Promise<string> {
  return readFile(path.join(folder, NAMES_FILE), 'utf8').catch(() => '');
}

/** Whether a certificate is issued by its own subject; false if it cannot be read. */
async function isSelfSigned(file: string): Promise<boolean> {
  try {
    const { issuer, subject } = new X509Certificate(await readFile(file));
    return issuer === subject;
  } catch {
    return false;
  }
}

/** Every previous pair is kept: senders that trust it may have to be switched to the new one first. */
async function renameOldPair(folder: string): Promise<void> {
  let renamed = `${folder}-former`;
  for (let number = 2; await exists(renamed); number += 1) renamed = `${folder}-former-${number}`;
  await rename(folder, renamed);
}

async function generatePair(names: CertificateNames, clock: Clock) {
  // Needed at most once: the library is loaded only then, to save memory.
  const { generate } = await import('selfsigned');
  const notAfterDate = new Date(clock.wall());
  notAfterDate.setFullYear(notAfterDate.getFullYear() + LIFETIME_YEARS);
  return generate([{ name: 'commonName', value: commonNameOf(names) }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notAfterDate,
    extensions: [
      { name: 'basicConstraints', cA: false },
      { name: 'keyUsage', digitalSignature: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: names.all.map((name) => (isIP(name) === 0 ? { type: 2, value: name } : { type: 7, ip: name })),
      },
    ],
  });
}

/** Informational: clients check the alternative names. X.509 allows 64 characters. */
function commonNameOf({ names: [first = 'localhost'] }: CertificateNames): string {
  return first.slice(0, 64);
}
