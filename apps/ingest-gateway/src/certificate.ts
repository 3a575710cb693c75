import { unwatchFile, watchFile } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { type Server, type ServerOptions } from 'node:https';
import { type SecureContextOptions } from 'node:tls';
import { type Logger } from '@pdaltagent/service';
import { selfSignedPair } from './self-signed';
import { exists, readPair, type Pair, type PairFiles } from './tls-pair';

export interface CertificateOptions {
  /** The configured pair; where neither file exists a self-signed pair serves. */
  readonly configured: PairFiles;
  readonly stateFolder: string;
  /** A file of authorities: clients must then show a certificate of one of them. */
  readonly clientAuthorities?: string | undefined;
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>;
  /** How often the files are looked at; milliseconds. Polling sees the symbolic links of Kubernetes change, events do not. */
  readonly pollMs?: number;
}

/** The gateway's certificate: found or made at start, taken up anew when its files change. */
export class Certificate {
  readonly #options: CertificateOptions;
  #files: PairFiles | undefined;
  #fingerprint = '';
  #look: (() => void) | undefined;

  constructor(options: CertificateOptions) {
    this.#options = options;
  }

  /** @throws Error that names the variable or file where there is no usable pair */
  async load(): Promise<ServerOptions> {
    const { log, clientAuthorities } = this.#options;
    this.#files = await this.#find();
    const pair = await readPair(this.#files);
    this.#fingerprint = pair.fingerprint;
    log.info('certificate loaded', this.#describe(pair));
    return {
      ...(await this.#context(pair)),
      ...(clientAuthorities === undefined ? {} : { requestCert: true, rejectUnauthorized: true }),
    };
  }

  /** Keeps the server's certificate as its files are, without a restart and without dropping a connection. */
  watch(server: Server): void {
    const files = this.#files;
    if (files === undefined) return;
    this.#look = () => void this.#reload(files, server);
    for (const file of [files.certificate, files.key])
      watchFile(file, { interval: this.#options.pollMs ?? 5_000 }, this.#look);
  }

  unwatch(): void {
    const files = this.#files;
    const look = this.#look;
    if (files === undefined || look === undefined) return;
    for (const file of [files.certificate, files.key]) unwatchFile(file, look);
    this.#look = undefined;
  }

  async #find(): Promise<PairFiles> {
    const { configured, stateFolder, log } = this.#options;
    const hasCertificate = await exists(configured.certificate);
    const hasKey = await exists(configured.key);
    if (hasCertificate && hasKey) return configured;
    if (hasCertificate) throw new Error(`PDAGENTD_TLS_KEY: ${configured.key} does not exist`);
    if (hasKey) throw new Error(`PDAGENTD_TLS_CERT: ${configured.certificate} does not exist`);
    const { files, made } = await selfSignedPair(stateFolder);
    log.info(made ? 'a self-signed certificate was made' : 'the self-signed certificate serves', {
      reason: `${configured.certificate} does not exist`,
      certificate: files.certificate,
    });
    return files;
  }

  async #reload(files: PairFiles, server: Server): Promise<void> {
    const { log } = this.#options;
    try {
      const pair = await readPair(files);
      if (pair.fingerprint === this.#fingerprint) return;
      server.setSecureContext(await this.#context(pair));
      this.#fingerprint = pair.fingerprint;
      log.info('certificate taken up', this.#describe(pair));
    } catch (error) {
      log.warn('the changed certificate cannot be used: the former one stays', { error });
    }
  }

  async #context({ cert, key }: Pair): Promise<SecureContextOptions> {
    const { clientAuthorities } = this.#options;
    return {
      cert,
      key,
      minVersion: 'TLSv1.2',
      ...(clientAuthorities === undefined ? {} : { ca: await readAuthorities(clientAuthorities) }),
    };
  }

  #describe({ fingerprint, validUntil }: Pair) {
    return { certificate: this.#files?.certificate, fingerprint, validUntil: validUntil.toISOString() };
  }
}

function readAuthorities(file: string): Promise<Buffer> {
  return readFile(file).catch((error: unknown) => {
    throw new Error(`PDAGENTD_TLS_CLIENT_CA: ${file} cannot be read`, { cause: error });
  });
}
