import { type Clock, every, SYSTEM_CLOCK } from '@pdaltagent/clock';
import { type Server, type ServerOptions } from 'node:https';
import { type SecureContextOptions } from 'node:tls';
import { type Logger } from '@pdaltagent/service';
import { type CertificateNames } from './certificate-names';
import { MODERN_CIPHERS } from './ciphers';
import { selfSignedPair, type StatePair } from './self-signed';
import { readTlsSnapshot, type TlsSnapshot } from './tls-files';
import { type CertificateFiles, exists, missingFileError } from './tls-pair';

export interface CertificateOptions {
  /** The configured pair; a self-signed pair is used as long as neither file exists. */
  readonly configured: CertificateFiles;
  readonly stateFolder: string;
  /** Names that a self-signed pair is to be valid for; undefined: those of this host. */
  readonly names?: CertificateNames | undefined;
  /** A file of authorities: if set, clients must present a certificate from one of them. */
  readonly clientAuthorities?: string | undefined;
  /** A file of revocation lists of these authorities. */
  readonly clientRevocations?: string | undefined;
  /** An OpenSSL cipher list; undefined: the modern ones. */
  readonly ciphers?: string | undefined;
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>;
  /** Polling interval; milliseconds. File system events miss the symbolic links that Kubernetes swaps. */
  readonly pollMs?: number;
  readonly clock?: Clock | undefined;
}

const POLL_MS = 1_000;

const ORIGINS: Readonly<Record<StatePair['origin'], string>> = {
  generated: 'generated a self-signed certificate',
  kept: 'using the self-signed certificate',
  provided: 'using the certificate in the state folder',
};

/**
 * The gateway's certificate: loaded or generated at start, and reloaded when its files change, also if a configured pair is
 * added later. A change is loaded once two polls in a row read the same, so that half-written files are never loaded.
 */
export class Certificate {
  readonly #options: CertificateOptions;
  #files: CertificateFiles | undefined;
  /** Digest of the content that was loaded or rejected last. */
  #lastHandled = '';
  #candidate = '';
  #polling: Promise<void> = Promise.resolve();
  readonly #clock: Clock;
  #stopWatching: () => void = () => undefined;

  constructor(options: CertificateOptions) {
    this.#options = options;
    this.#clock = options.clock ?? SYSTEM_CLOCK;
  }

  /** @throws Error that names the variable or file if there is no usable pair */
  async load(): Promise<ServerOptions> {
    const { log, clientAuthorities, clientRevocations } = this.#options;
    this.#files = await this.#find();
    const snapshot = await readTlsSnapshot(this.#files, clientAuthorities, clientRevocations);
    if (snapshot.kind === 'problem') throw snapshot.problem;
    this.#lastHandled = snapshot.content;
    log.info('certificate loaded', this.#describe(snapshot));
    return {
      ...this.#contextOf(snapshot),
      ...(clientAuthorities === undefined ? {} : { requestCert: true, rejectUnauthorized: true }),
    };
  }

  /** Reloads the server's certificate when its files change, without a restart and without dropping connections. */
  watch(server: Server): void {
    this.#stopWatching = every(this.#clock, this.#options.pollMs ?? POLL_MS, () => {
      this.#polling = this.#polling.then(() => this.#poll(server));
    });
  }

  unwatch(): void {
    this.#stopWatching();
  }

  async #find(): Promise<CertificateFiles> {
    const { configured, stateFolder, names, log } = this.#options;
    if (await anyFileExists(configured)) {
      const missing = await missingFileError(configured);
      if (missing !== undefined) throw missing;
      return configured;
    }
    const { files, origin } = await selfSignedPair(stateFolder, names, this.#clock);
    const { certificate } = files;
    log.info(ORIGINS[origin], { reason: `${configured.certificate} does not exist`, certificate });
    if (origin === 'provided' && names !== undefined) {
      log.warn(
        'PDAGENTD_TLS_NAMES has no effect: it applies only to a self-signed certificate, which this one is not',
        { certificate, names },
      );
    }
    return files;
  }

  async #poll(server: Server): Promise<void> {
    const { log, configured, clientAuthorities, clientRevocations } = this.#options;
    // A configured pair takes precedence over a self-signed one whenever it appears, and is the one polled from then on.
    const files = this.#files === undefined || (await anyFileExists(configured)) ? configured : this.#files;
    const snapshot = await readTlsSnapshot(files, clientAuthorities, clientRevocations);
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
      server.setSecureContext(this.#contextOf(snapshot));
      this.#files = files;
      log.info('certificate reloaded', this.#describe(snapshot));
    } catch (error) {
      log.warn('the changed certificate cannot be used: the previous one stays in use', { error });
    }
  }

  #contextOf({ pair: { cert, key }, authorities, revocations }: TlsSnapshot): SecureContextOptions {
    return {
      cert,
      key,
      minVersion: 'TLSv1.2',
      ciphers: this.#options.ciphers ?? MODERN_CIPHERS,
      ...(authorities === undefined ? {} : { ca: authorities }),
      ...(revocations === undefined ? {} : { crl: revocations }),
    };
  }

  #describe({ pair, authorities, revocations }: TlsSnapshot) {
    const { clientAuthorities, clientRevocations } = this.#options;
    return {
      certificate: this.#files?.certificate,
      names: pair.names,
      fingerprint: pair.fingerprint,
      validUntil: pair.validUntil.toISOString(),
      ...(authorities === undefined ? {} : { clientAuthorities }),
      ...(revocations === undefined ? {} : { clientRevocations }),
    };
  }
}

async function anyFileExists({ certificate, key }: CertificateFiles): Promise<boolean> {
  return (await exists(certificate)) || (await exists(key));
}
