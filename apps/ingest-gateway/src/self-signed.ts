import { type Clock } from '@pdaltagent/clock';
import { chmod, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { type CertificateFiles, exists, filesExist } from './tls-pair';

/** Long, because clients that pin the certificate lose pages once it expires. */
const LIFETIME_YEARS = 10;

/**
 * The self-signed pair of a state folder, generated if there is none yet.
 * @returns its files, and whether they are new
 */
export async function selfSignedPair(
  stateFolder: string,
  clock: Clock,
): Promise<{ files: CertificateFiles; isNew: boolean }> {
  const folder = path.join(stateFolder, 'tls');
  const files = { certificate: path.join(folder, 'cert.pem'), key: path.join(folder, 'key.pem') };
  if (await filesExist(files)) return { files, isNew: false };
  await mkdir(stateFolder, { recursive: true });
  const draft = await mkdtemp(path.join(stateFolder, 'tls-'));
  try {
    const { cert, private: key } = await generatePair(clock);
    await writeFile(path.join(draft, 'cert.pem'), cert, { mode: 0o644 });
    await writeFile(path.join(draft, 'key.pem'), key, { mode: 0o600 });
    // Senders on this host may read the certificate; the key has its own mode.
    await chmod(draft, 0o755);
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

async function generatePair(clock: Clock) {
  // Needed at most once: the library is loaded only then, to save memory.
  const { generate } = await import('selfsigned');
  const host = hostname();
  const notAfterDate = new Date(clock.wall());
  notAfterDate.setFullYear(notAfterDate.getFullYear() + LIFETIME_YEARS);
  return generate([{ name: 'commonName', value: host }], {
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
        altNames: [
          { type: 2, value: 'localhost' },
          ...(host === 'localhost' ? [] : [{ type: 2 as const, value: host }]),
          { type: 7, ip: '127.0.0.1' },
          { type: 7, ip: '::1' },
        ],
      },
    ],
  });
}
