import { type Clock, every, SYSTEM_CLOCK } from '@pdaltagent/clock';
import { type Server, type ServerOptions } from 'node:https';
import { type SecureContextOptions } from 'node:tls';
import { type Logger } from '@pdaltagent/service';
import { selfSignedPair } from './self-signed';
import { readTlsSnapshot, type TlsSnapshot } from './tls-files';
import { type CertificateFiles, exists, missingFileError } from './tls-pair';

export interface CertificateOptions {
  /** The configured pair; as long as neither file exists a self-signed pair serves. */
  readonly configured: CertificateFiles;
  readonly stateFolder: string;
  /** A file of authorities: clients must then show a certificate of one of them. */
  readonly clientAuthorities?: string | undefined;
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>;
  /** How often the files are looked at; milliseconds. Polling sees the symbolic links of Kubernetes change, events do not. */
  readonly pollMs?: number;
  readonly clock?: Clock | undefined;
}

const POLL_MS = 1_000;

/**
 * The gateway's certificate: found or made at start, taken up anew when its files change, those of a pair that is put
 * in its place later included. A change counts once two looks in a row find the same, so that nothing half-written does.
 */
export class Certificate {
  readonly #options: CertificateOptions;
  #files: CertificateFiles | undefined;
  /** What was read when the files were taken up or refused last. */
  #lastHandled = '';
  #candidate = '';
  #polling: Promise<void> = Promise.resolve();
  readonly #clock: Clock;
  #stopWatching: () => void = () => undefined;

  constructor(options: CertificateOptions) {
    this.#options = options;
    this.#clock = options.clock ?? SYSTEM_CLOCK;
  }

  /** @throws Error that names the variable or file where there is no usable pair */
  async load(): Promise<ServerOptions> {
    const { log, clientAuthorities } = this.#options;
    this.#files = await this.#find();
    const snapshot = await readTlsSnapshot(this.#files, clientAuthorities);
    if (snapshot.kind === 'problem') throw snapshot.problem;
    this.#lastHandled = snapshot.content;
    log.info('certificate loaded', this.#describe(snapshot));
    return {
      ...contextOf(snapshot),
      ...(clientAuthorities === undefined ? {} : { requestCert: true, rejectUnauthorized: true }),
    };
  }

  /** Keeps the server's certificate as its files are, without a restart and without dropping a connection. */
  watch(server: Server): void {
    this.#stopWatching = every(this.#clock, this.#options.pollMs ?? POLL_MS, () => {
      this.#polling = this.#polling.then(() => this.#poll(server));
    });
  }

  unwatch(): void {
    this.#stopWatching();
  }

  async #find(): Promise<CertificateFiles> {
    const { configured, stateFolder, log } = this.#options;
    if (await anyFileExists(configured)) {
      const missing = await missingFileError(configured);
      if (missing !== undefined) throw missing;
      return configured;
    }
    const { files, isNew } = await selfSignedPair(stateFolder, this.#clock);
    log.info(isNew ? 'a self-signed certificate was made' : 'the self-signed certificate serves', {
      reason: `${configured.certificate} does not exist`,
      certificate: files.certificate,
    });
    return files;
  }

  async #poll(server: Server): Promise<void> {
    const { log, configured, clientAuthorities } = this.#options;
    // A configured pair goes before a self-signed one whenever it comes, and stays what is looked at once it was there.
    const files = this.#files === undefined || (await anyFileExists(configured)) ? configured : this.#files;
    const snapshot = await readTlsSnapshot(files, clientAuthorities);
    if (snapshot.content === this.#lastHandled) {
      this.#candidate = '';
      return;
    }
    if (snapshot.content !== this.#candidate) {
      this.#candidate = snapshot.content;
      return;
    }
    this.#lastHandled = snapshot.content;
    try {
      if (snapshot.kind === 'problem') throw snapshot.problem;
      server.setSecureContext(contextOf(snapshot));
      this.#files = files;
      log.info('certificate taken up', this.#describe(snapshot));
    } catch (error) {
      log.warn('the changed certificate cannot be used: the previous one stays in use', { error });
    }
  }

  #describe({ pair, authorities }: TlsSnapshot) {
    const { clientAuthorities } = this.#options;
    return {
      certificate: this.#files?.certificate,
      fingerprint: pair.fingerprint,
      validUntil: pair.validUntil.toISOString(),
      ...(authorities === undefined ? {} : { clientAuthorities }),
    };
  }
}

async function anyFileExists({ certificate, key }: CertificateFiles): Promise<boolean> {
  return (await exists(certificate)) || (await exists(key));
}

function contextOf({ pair: { cert, key }, authorities }: TlsSnapshot): SecureContextOptions {
  return { cert, key, minVersion: 'TLSv1.2', ...(authorities === undefined ? {} : { ca: authorities }) };
}
