import { type Clock, every, SYSTEM_CLOCK } from '@pdaltagent/clock';
import { type Server, type ServerOptions } from 'node:https';
import { type SecureContextOptions } from 'node:tls';
import { type Logger } from '@pdaltagent/service';
import { selfSignedPair } from './self-signed';
import { readVersion, type Version } from './tls-files';
import { exists, type PairFiles, whatIsMissing } from './tls-pair';

export interface CertificateOptions {
  /** The configured pair; as long as neither file exists a self-signed pair serves. */
  readonly configured: PairFiles;
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
  #files: PairFiles | undefined;
  /** What was read when the files were taken up or refused last. */
  #judged = '';
  #candidate = '';
  #looking: Promise<void> = Promise.resolve();
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
    const version = await readVersion(this.#files, clientAuthorities);
    if (version.kind === 'problem') throw version.problem;
    this.#judged = version.content;
    log.info('certificate loaded', this.#describe(version));
    return {
      ...contextOf(version),
      ...(clientAuthorities === undefined ? {} : { requestCert: true, rejectUnauthorized: true }),
    };
  }

  /** Keeps the server's certificate as its files are, without a restart and without dropping a connection. */
  watch(server: Server): void {
    this.#stopWatching = every(this.#clock, this.#options.pollMs ?? POLL_MS, () => {
      this.#looking = this.#looking.then(() => this.#look(server));
    });
  }

  unwatch(): void {
    this.#stopWatching();
  }

  async #find(): Promise<PairFiles> {
    const { configured, stateFolder, log } = this.#options;
    if (await isThere(configured)) {
      const missing = await whatIsMissing(configured);
      if (missing !== undefined) throw missing;
      return configured;
    }
    const { files, made } = await selfSignedPair(stateFolder, this.#clock);
    log.info(made ? 'a self-signed certificate was made' : 'the self-signed certificate serves', {
      reason: `${configured.certificate} does not exist`,
      certificate: files.certificate,
    });
    return files;
  }

  async #look(server: Server): Promise<void> {
    const { log, configured, clientAuthorities } = this.#options;
    // A configured pair goes before a self-signed one whenever it comes, and stays what is looked at once it was there.
    const files = this.#files === undefined || (await isThere(configured)) ? configured : this.#files;
    const version = await readVersion(files, clientAuthorities);
    if (version.content === this.#judged) {
      this.#candidate = '';
      return;
    }
    if (version.content !== this.#candidate) {
      this.#candidate = version.content;
      return;
    }
    this.#judged = version.content;
    try {
      if (version.kind === 'problem') throw version.problem;
      server.setSecureContext(contextOf(version));
      this.#files = files;
      log.info('certificate taken up', this.#describe(version));
    } catch (error) {
      log.warn('the changed certificate cannot be used: the previous one stays in use', { error });
    }
  }

  #describe({ pair, authorities }: Version) {
    const { clientAuthorities } = this.#options;
    return {
      certificate: this.#files?.certificate,
      fingerprint: pair.fingerprint,
      validUntil: pair.validUntil.toISOString(),
      ...(authorities === undefined ? {} : { clientAuthorities }),
    };
  }
}

async function isThere({ certificate, key }: PairFiles): Promise<boolean> {
  return (await exists(certificate)) || (await exists(key));
}

function contextOf({ pair: { cert, key }, authorities }: Version): SecureContextOptions {
  return { cert, key, minVersion: 'TLSv1.2', ...(authorities === undefined ? {} : { ca: authorities }) };
}
