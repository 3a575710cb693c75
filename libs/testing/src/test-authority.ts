import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { generate } from 'selfsigned';
import { type CertificateFiles } from './server';

/** A certificate authority that nobody trusts by default, as that of an organisation. */
export class TestAuthority {
  private constructor(
    /** File with its certificate (PEM). */
    readonly file: string,
    private readonly folder: string,
    private readonly pair: { readonly cert: string; readonly key: string },
  ) {}

  static async create(folder: string): Promise<TestAuthority> {
    mkdirSync(folder, { recursive: true });
    const { cert, private: key } = await generate([{ name: 'commonName', value: 'Test authority' }], {
      keyType: 'ec',
      algorithm: 'sha256',
      extensions: [{ name: 'basicConstraints', cA: true }],
    });
    const file = path.join(folder, 'ca.pem');
    writeFileSync(file, cert);
    return new TestAuthority(file, folder, { cert, key });
  }

  /** Issues a certificate for a host's name. */
  async issue(host: string): Promise<CertificateFiles> {
    const { cert, private: key } = await generate([{ name: 'commonName', value: host }], {
      keyType: 'ec',
      algorithm: 'sha256',
      extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: host }] }],
      ca: this.pair,
    });
    const files = { certificate: path.join(this.folder, `${host}.pem`), key: path.join(this.folder, `${host}.key`) };
    writeFileSync(files.certificate, cert);
    writeFileSync(files.key, key, { mode: 0o600 });
    return files;
  }
}
