import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { z } from 'zod';

/**
 * One environment variable: its name, what it means, and how its text is parsed.
 * An empty text counts as unset. A secret's text is never shown.
 */
export interface Variable<Value> {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly help: string;
  readonly secret: boolean;
  /** Its names, in order of precedence. */
  readonly lookup: readonly string[];
  /** Whether it may come from a file, `X_FILE`. */
  readonly isFileRead: boolean;
  /** The default as a user would write it; undefined if there is none. */
  readonly fallback: string | undefined;
  /** From the variable's text (undefined: unset) to its value; an issue's message completes "must be …". */
  readonly schema: z.ZodType<Value, string | undefined>;
}

export interface VariableOptions {
  /** Other names that are accepted, in this order, if the first is unset. */
  readonly aliases?: readonly string[];
  readonly secret?: boolean;
  /** All its names, in order of precedence; the default is its own before the aliases. */
  readonly lookup?: readonly string[];
  /** False if other code reads it from the environment: it would ignore the file. */
  readonly isFileRead?: boolean;
}

function variable<Value, Fallback extends Value | undefined>(
  name: string,
  fallback: Fallback,
  help: string,
  parse: z.ZodType<Value, string>,
  { aliases = [], secret = false, lookup = [name, ...aliases], isFileRead = true }: VariableOptions,
): Variable<Value | Fallback> {
  return {
    name,
    aliases,
    help,
    secret,
    lookup,
    isFileRead,
    fallback: fallback === undefined ? undefined : String(fallback),
    schema: z.union([z.undefined().transform((): Value | Fallback => fallback), parse]),
  };
}

/** A schema from a parser, which returns undefined if the text is not a valid value. */
function parseWith<Value>(
  mustBe: string | ((text: string) => string),
  parse: (text: string) => Value | undefined,
): z.ZodType<Value, string> {
  return z.string().transform((text, context) => {
    const value = parse(text);
    if (value !== undefined) return value;
    context.addIssue({ code: 'custom', message: typeof mustBe === 'string' ? mustBe : mustBe(text) });
    return z.NEVER;
  });
}

export function text<Fallback extends string | undefined>(
  name: string,
  fallback: Fallback,
  help: string,
  extras: VariableOptions = {},
) {
  return variable<string, Fallback>(name, fallback, help, z.string(), extras);
}

/** A text that is never logged or printed: tokens, keys, passwords. */
export function secret(name: string, help: string, extras: VariableOptions = {}) {
  return variable<string, undefined>(name, undefined, help, z.string(), { ...extras, secret: true });
}

const TRUE = new Set(['true', '1', 'yes', 'on']);
const FALSE = new Set(['false', '0', 'no', 'off']);

export function flag(name: string, fallback: boolean, help: string, extras: VariableOptions = {}) {
  const parse = parseWith('true or false (also 1/0, yes/no, on/off)', (value) => {
    const lower = value.trim().toLowerCase();
    if (TRUE.has(lower)) return true;
    return FALSE.has(lower) ? false : undefined;
  });
  return variable<boolean, boolean>(name, fallback, help, parse, extras);
}

export interface Range {
  readonly min?: number;
  readonly max?: number;
}

export function integer<Fallback extends number | undefined>(
  name: string,
  fallback: Fallback,
  help: string,
  { min = 0, max = Number.MAX_SAFE_INTEGER, ...extras }: Range & VariableOptions = {},
) {
  const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
  const parse = parseWith(`a whole number ${range}`, (value) => {
    const number = Number(value);
    return /^\d+$/.test(value.trim()) && number >= min && number <= max ? number : undefined;
  });
  return variable<number, Fallback>(name, fallback, help, parse, extras);
}

/** A limit that may be turned off: a whole number, or `off`. */
export function limit(
  name: string,
  fallback: number,
  help: string,
  { min = 0, max = Number.MAX_SAFE_INTEGER, ...extras }: Range & VariableOptions = {},
) {
  const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
  const parse = parseWith(`a whole number ${range}, or off`, (value): number | 'off' | undefined => {
    const trimmed = value.trim().toLowerCase();
    if (trimmed === 'off') return 'off';
    const number = Number(trimmed);
    return /^\d+$/.test(trimmed) && number >= min && number <= max ? number : undefined;
  });
  return variable<number | 'off', number>(name, fallback, help, parse, extras);
}

export function port(name: string, fallback: number, help: string, extras: VariableOptions = {}) {
  return integer(name, fallback, help, { min: 0, max: 65_535, ...extras });
}

/** User and password of a URL. */
const CREDENTIALS = /(?<=^[a-z][a-z\d+.-]*:\/\/)[^/?#]*(?=@)/i;

function escapeStrayPercent(text: string): string {
  const onlyStray = text.replace(/%(?![\da-f]{2})/gi, '%25');
  try {
    decodeURIComponent(onlyStray);
    return onlyStray;
  } catch {
    return text.replaceAll('%', '%25');
  }
}

export interface UrlOptions extends VariableOptions {
  /** Accepted schemes without the colon; the default is http and https. */
  readonly schemes?: readonly string[];
}

/**
 * An absolute URL, as it was written except for surrounding spaces, a scheme in upper case, a trailing slash, and percent signs in
 * user or password that are no escapes: they are meant literally, and decoding them would fail. http and https URLs are base URLs:
 * without a query.
 */
export function url<Fallback extends string | undefined>(
  name: string,
  fallback: Fallback,
  help: string,
  { schemes = ['http', 'https'], ...extras }: UrlOptions = {},
) {
  const isBase = schemes.every((scheme) => scheme.startsWith('http'));
  const form = `a URL that begins with ${schemes.map((scheme) => `${scheme}://`).join(' or ')}`;
  const unwanted = (text: string): string | undefined => {
    if (/\s/.test(text)) return 'blanks';
    return isBase && /[?#]/.test(text) ? 'a query or a fragment' : undefined;
  };
  const mustBe = (value: string): string => {
    const without = unwanted(value.trim());
    return without === undefined ? form : `${form}, without ${without}`;
  };
  const parse = parseWith(mustBe, (value) => {
    const trimmed = value.trim();
    if (unwanted(trimmed) !== undefined || !URL.canParse(trimmed)) return undefined;
    const scheme = new URL(trimmed).protocol;
    if (!schemes.includes(scheme.slice(0, -1))) return undefined;
    // Clients compare the scheme as it is written: ioredis connects to REDISS:// without TLS.
    return `${scheme}${trimmed.slice(scheme.length)}`.replace(/\/+$/, '').replace(CREDENTIALS, escapeStrayPercent);
  });
  return variable<string, Fallback>(name, fallback, help, parse, extras);
}

export function choice<const Option extends string>(
  name: string,
  options: readonly Option[],
  fallback: NoInfer<Option>,
  help: string,
  extras: VariableOptions = {},
) {
  const parse = parseWith(`one of ${options.join(', ')}`, (value) =>
    options.find((option) => option === value.trim().toLowerCase()),
  );
  return variable<Option, Option>(name, fallback, help, parse, extras);
}

/** The path of a file of certificates (PEM), which is read and validated at once; its contents are not kept. */
export function certificates(name: string, help: string, extras: VariableOptions = {}) {
  const parse = parseWith(
    (path) => `the path of a file of certificates (PEM): ${problemOfCertificates(path) ?? ''}`,
    (path) => (problemOfCertificates(path) === undefined ? path : undefined),
  );
  return variable<string, undefined>(name, undefined, help, parse, extras);
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

function problemOfCertificates(path: string): string | undefined {
  try {
    const found = readFileSync(path, 'utf8').match(CERTIFICATE);
    if (found === null) return 'it contains none';
    for (const certificate of found) new X509Certificate(certificate);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Any other text, with a custom parser, which returns undefined if the text is not what is wanted. */
export function custom<Value>(
  name: string,
  help: string,
  rules: VariableOptions & { readonly mustBe: string; readonly parse: (text: string) => Value | undefined },
): Variable<Value | undefined> {
  return variable<Value, undefined>(name, undefined, help, parseWith(rules.mustBe, rules.parse), rules);
}
