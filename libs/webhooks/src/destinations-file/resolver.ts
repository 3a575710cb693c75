import { createPrivateKey, X509Certificate } from 'node:crypto';
import { type SourceDocument } from './document';
import { type Path, type Problem, textOfPath } from './problem';
import { type Value } from './schema';

export type FileText =
  { readonly kind: 'text'; readonly text: string } | { readonly kind: 'problem'; readonly problem: string };

/** Sources of values that are not in the file itself. */
export interface ValueSources {
  /** An environment variable; undefined or empty if it is not set. */
  environment(name: string): string | undefined;
  /** The text of a file, or why it cannot be read. Paths are relative to the folder of the destinations file. */
  file(path: string): FileText;
}

interface Pem<Parsed> {
  readonly text: string;
  readonly parsed: Parsed;
}

/** Resolves the values of a destination, and collects every problem with its line. */
export class Resolver {
  readonly problems: Problem[] = [];
  readonly #document: SourceDocument;
  readonly #sources: ValueSources;

  constructor(document: SourceDocument, sources: ValueSources) {
    this.#document = document;
    this.#sources = sources;
  }

  problem(path: Path, message: string): void {
    this.problems.push({ line: this.#document.lineOf(path), path: textOfPath(path), message });
  }

  /** The value, trimmed if it comes from a file; an empty string if there is a problem. */
  value(path: Path, value: Value): string {
    if (typeof value === 'string') return value;
    if ('env' in value) {
      const found = this.#sources.environment(value.env) ?? '';
      if (found === '') this.problem(path, `the environment variable ${value.env} is not set`);
      return found;
    }
    const found = this.#file(path, value.file)?.trim();
    if (found === '') this.problem(path, `the file ${value.file} is empty`);
    return found ?? '';
  }

  /** Certificates in PEM; undefined if there are none. */
  certificates(path: Path, file: string | undefined): string | undefined {
    return file === undefined ? undefined : this.#certificate(path, file)?.text;
  }

  /** A certificate and its private key in PEM; undefined if there are none. */
  pair(path: Path, certificateFile: string | undefined, keyFile: string | undefined) {
    if (certificateFile === undefined && keyFile === undefined) return undefined;
    if (certificateFile === undefined || keyFile === undefined) {
      this.problem(path, 'needs both certificate and key, or neither');
      return undefined;
    }
    const certificate = this.#certificate([...path, 'certificate'], certificateFile);
    const keyPath = [...path, 'key'];
    const key = this.#pem(keyPath, keyFile, 'a private key in PEM, not encrypted', (text) => createPrivateKey(text));
    if (certificate === undefined || key === undefined) return undefined;
    if (!certificate.parsed.checkPrivateKey(key.parsed)) this.problem(keyPath, 'does not belong to the certificate');
    return { certificate: certificate.text, key: key.text };
  }

  #certificate(path: Path, file: string): Pem<X509Certificate> | undefined {
    return this.#pem(path, file, 'a certificate in PEM', (text) => new X509Certificate(text));
  }

  #pem<Parsed>(path: Path, file: string, wants: string, parse: (text: string) => Parsed): Pem<Parsed> | undefined {
    const text = this.#file(path, file);
    if (text === undefined) return undefined;
    try {
      return { text, parsed: parse(text) };
    } catch {
      this.problem(path, `must be ${wants}; ${file} is not`);
      return undefined;
    }
  }

  #file(path: Path, file: string): string | undefined {
    const found = this.#sources.file(file);
    if (found.kind === 'text') return found.text;
    this.problem(path, `the file ${file} cannot be read: ${found.problem}`);
    return undefined;
  }
}
