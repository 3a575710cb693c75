import { type Clock, every, SYSTEM_CLOCK } from '@pdaltagent/clock';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ConfigurationError, type Environment } from './configuration';
import { type Fields, type Logger } from './logger';
import { maskSecrets } from './mask';

/** What a file's text may refer to. Files that are read through it are watched too. */
export interface Sources {
  environment(name: string): string | undefined;
  /** Paths are relative to the folder of the watched file. */
  file(path: string): FileContent;
}

export type FileContent =
  { readonly kind: 'text'; readonly text: string } | { readonly kind: 'problem'; readonly problem: string };

export type ParsedFile<Value> =
  | { readonly kind: 'value'; readonly value: Value }
  | { readonly kind: 'problems'; readonly problems: readonly string[] };

export interface WatchedFileOptions<Value> {
  readonly path: string;
  /** The variable that names the file, for messages. */
  readonly variable: string;
  readonly environment: Environment;
  /** Must have no side effects: called again for every change. */
  readonly parse: (text: string, sources: Sources) => ParsedFile<Value>;
  /** The log fields for a version that is loaded. */
  readonly describe: (value: Value) => Fields;
  readonly log: Pick<Logger, 'info' | 'error'>;
  /** Polling interval; milliseconds. */
  readonly pollMs?: number;
  readonly clock?: Clock;
}

const POLL_MS = 1_000;
const LIMIT_BYTES = 1024 * 1024;

/**
 * A settings file that is reloaded when its content, or that of a file it refers to, changes. It is polled, because file system
 * events miss the symbolic links that Kubernetes swaps. A change is loaded once two polls in a row read the same, so that a
 * half-written file is never loaded. A version with problems is logged once and rejected: the previous one stays in use.
 */
export class WatchedFile<Value> {
  readonly #options: WatchedFileOptions<Value>;
  readonly #listeners: ((value: Value) => void)[] = [];
  #value: Value;
  /** The content that was loaded or rejected last. */
  #lastHandled: Contents;
  #candidate: Snapshot<Value> | undefined;
  #stopPolling: () => void = () => undefined;

  private constructor(options: WatchedFileOptions<Value>, value: Value, lastHandled: Contents) {
    this.#options = options;
    this.#value = value;
    this.#lastHandled = lastHandled;
  }

  /** Reads it for the first time. @throws ConfigurationError with all problems */
  static open<Value>(options: WatchedFileOptions<Value>): WatchedFile<Value> {
    const { parsed, contents } = readSnapshot(options);
    if (parsed.kind === 'value') return new WatchedFile(options, parsed.value, contents);
    const { variable, path: file } = options;
    throw new ConfigurationError(parsed.problems.map((problem) => `${variable}: ${file}: ${maskSecrets(problem)}`));
  }

  current(): Value {
    return this.#value;
  }

  onChange(listener: (value: Value) => void): void {
    this.#listeners.push(listener);
  }

  start(): void {
    const { clock = SYSTEM_CLOCK, pollMs = POLL_MS } = this.#options;
    this.#stopPolling = every(clock, pollMs, () => this.poll());
  }

  stop(): void {
    this.#stopPolling();
  }

  /** Called periodically once started. */
  poll(): void {
    const candidate = this.#candidate;
    if (isUnchanged(candidate?.contents ?? this.#lastHandled)) {
      if (candidate !== undefined) this.#handle(candidate);
      return;
    }
    const latest = readSnapshot(this.#options);
    this.#candidate = areEqual(latest.contents, this.#lastHandled) ? undefined : latest;
  }

  #handle({ parsed, contents }: Snapshot<Value>): void {
    const { log, variable, path: file, describe } = this.#options;
    this.#lastHandled = contents;
    this.#candidate = undefined;
    if (parsed.kind === 'problems') {
      const problems = parsed.problems.map(maskSecrets);
      log.error(`${variable} has problems: the previous version stays in use`, { file, problems });
      return;
    }
    this.#value = parsed.value;
    log.info(`${variable} was reloaded`, { file, ...describe(parsed.value) });
    for (const listener of this.#listeners) listener(parsed.value);
  }
}

/** The content of each file by path, or why it could not be read. */
type Contents = ReadonlyMap<string, string>;

interface Snapshot<Value> {
  readonly parsed: ParsedFile<Value>;
  readonly contents: Contents;
}

function readSnapshot<Value>({ path: file, parse, environment }: WatchedFileOptions<Value>): Snapshot<Value> {
  const contents = new Map<string, string>();
  const read = (name: string): FileContent => {
    const content = contentOf(name);
    contents.set(name, fingerprintOf(content));
    return content;
  };
  const main = read(path.resolve(file));
  if (main.kind === 'problem') return { parsed: { kind: 'problems', problems: [main.problem] }, contents };
  const parsed = parse(main.text, {
    environment: (name) => environment[name],
    file: (name) => read(path.resolve(path.dirname(file), name)),
  });
  return { parsed, contents };
}

function isUnchanged(contents: Contents): boolean {
  return [...contents].every(([name, content]) => fingerprintOf(contentOf(name)) === content);
}

function areEqual(one: Contents, other: Contents): boolean {
  return one.size === other.size && [...one].every(([name, content]) => other.get(name) === content);
}

function contentOf(file: string): FileContent {
  try {
    const bytes = readFileSync(file);
    if (bytes.length > LIMIT_BYTES) return { kind: 'problem', problem: 'it is larger than 1 MiB' };
    return { kind: 'text', text: bytes.toString('utf8') };
  } catch (error) {
    return { kind: 'problem', problem: error instanceof Error ? error.message : String(error) };
  }
}

function fingerprintOf(content: FileContent): string {
  return JSON.stringify(content);
}
