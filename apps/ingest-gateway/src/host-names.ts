import { CertificateNames } from './certificate-names';

/** Names and addresses by which a gateway may be addressed: `gateway.example.com, *.internal, 10.0.0.5`. */
export class HostNames {
  readonly #names: ReadonlySet<string>;

  private constructor(private readonly written: CertificateNames) {
    this.#names = new Set(written.all);
  }

  /** Undefined if one of the names is invalid. */
  static parse(text: string): HostNames | undefined {
    const names = CertificateNames.parse(text);
    return names === undefined ? undefined : new HostNames(names);
  }

  /** Whether it is one of the names; those of the host itself (`localhost`, `127.0.0.1`, `::1`) always are. */
  has(name: string): boolean {
    const lower = name.toLowerCase().replace(/\.$/, '');
    return this.#names.has(lower) || this.#names.has(lower.replace(/^[^.]+/, '*'));
  }

  /** For the log line with the configuration. */
  toJSON(): string {
    return this.written.toJSON();
  }
}
