import { type Clock } from '@pdaltagent/clock';
import { chmod, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import path from 'node:path';
import { CertificateNames } from './certificate-names';
import { type CertificateFiles, exists, filesExist } from './tls-pair';

/** Long, because clients that pin the certificate lose pages once it expires. */
const LIFETIME_YEARS = 10;

/**
 * The self-signed pair of a state folder. Clients that trust it reject any other, so it is generated only if there is none
 * yet, or if the configured names have changed since.
 * @param configured names that it is valid for; undefined: those of this host
 * @returns its files, and whether they are new
 */
export async function selfSignedPair(
  stateFolder: string,
  configured: CertificateNames | undefined,
  clock: Clock,
): Promise<{ files: CertificateFiles; isNew: boolean }> {
  const folder = path.join(stateFolder, 'tls');
  const files = { certificate: path.join(folder, 'cert.pem'), key: path.join(folder, 'key.pem') };
  const wanted = configured?.toJSON() ?? '';
  const isThere = await filesExist(files);
  if (isThere && (await madeFor(folder)) === wanted) return { files, isNew: false };
  await mkdir(stateFolder, { recursive: true });
  const draft = await mkdtemp(path.join(stateFolder, 'tls-'));
  try {
    const { cert, private: key } = await generatePair(configured ?? (await CertificateNames.ofThisHost()), clock);
    await writeFile(path.join(draft, 'cert.pem'), cert, { mode: 0o644 });
    await writeFile(path.join(draft, 'key.pem'), key, { mode: 0o600 });
    await writeFile(path.join(draft, NAMES_FILE), wanted, { mode: 0o644 });
    // Senders on this host may read the certificate; the key has its own mode.
    await chmod(draft, 0o755);
    if (isThere) await moveAside(folder);
    await rename(draft, folder);
    return { files, isNew: true };
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    // Another gateway that shares the folder was faster: both must use the same certificate.
    if (await filesExist(files)) return { files, isNew: false };
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

/** The previous pair is kept: senders that trust it may have to be switched to the new one first. */
async function moveAside(folder: string): Promise<void> {
  await rm(`${folder}-former`, { recursive: true, force: true });
  await rename(folder, `${folder}-former`);
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
