import { readFileSync } from 'node:fs';
import { CommandError } from './command';
import { proxyFor } from './proxy';

/** Where and how to send, from the environment. */
export interface SendSettings {
  /** URL of the Events API v2 endpoint. */
  readonly target: URL;
  readonly proxy?: URL;
  /** Token for the gateway. */
  readonly token?: string;
  /** Certificates (PEM) to trust in addition to the well-known authorities. */
  readonly authorities?: string;
  readonly skipVerification: boolean;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** An invalid variable; the command exits with 1. */
export class SettingsError extends CommandError {}

const DEFAULT_BASE_URL = 'https://events.pagerduty.com';
const TRUE = ['true', '1', 'yes', 'on'];
const FALSE = ['false', '0', 'no', 'off', ''];

/** @throws SettingsError that names the variable */
export function readSettings(environment: Environment): SendSettings {
  const base = urlOf('PDSEND_EVENTS_BASE_URL', environment['PDSEND_EVENTS_BASE_URL'] || DEFAULT_BASE_URL);
  const target = new URL(`${base.href.replace(/[?#].*$/, '').replace(/\/+$/, '')}/v2/enqueue`);
  const proxy = proxyFor(target, environment);
  // The token is for the gateway; it must not be sent to PagerDuty.
  const token = environment['PDSEND_EVENTS_BASE_URL'] ? tokenOf(valueOf('PDSEND_TOKEN', environment)) : '';
  const authorities = environment['PDSEND_CA_FILE'];
  return {
    target,
    ...(proxy === undefined ? {} : { proxy: urlOf(proxy.variable, proxy.url) }),
    ...(token ? { token } : {}),
    ...(authorities ? { authorities: readText('PDSEND_CA_FILE', authorities) } : {}),
    skipVerification: flagOf('PDSEND_SKIP_CERT_VERIFY', environment['PDSEND_SKIP_CERT_VERIFY'] ?? ''),
  };
}

/** The key for a command line without one; empty if the environment has none. @throws SettingsError */
export function readKey(environment: Environment): string {
  return valueOf('PDSEND_KEY', environment);
}

/** Command lines, and on some systems environments, are visible to other users, so a secret may be in a file. */
function valueOf(variable: string, environment: Environment): string {
  const direct = environment[variable] ?? '';
  const file = environment[`${variable}_FILE`];
  if (!file) return direct.trim();
  if (direct !== '') throw new SettingsError(`${variable} and ${variable}_FILE are both set: set only one of them`);
  const text = readText(`${variable}_FILE`, file).trim();
  if (text === '') throw new SettingsError(`${variable}_FILE is '${file}', which is empty`);
  return text;
}

function urlOf(variable: string, text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'https:' || url?.protocol === 'http:') return url;
  // The value may contain a password, so it is not shown.
  throw new SettingsError(`${variable} is not a URL that begins with https:// or http://`);
}

function tokenOf(text: string): string {
  const token = text.trim();
  if (/^[!-~]*$/.test(token)) return token;
  throw new SettingsError('PDSEND_TOKEN is invalid: it must have printable ASCII characters only, and no spaces');
}

function flagOf(variable: string, text: string): boolean {
  const value = text.trim().toLowerCase();
  if (TRUE.includes(value)) return true;
  if (FALSE.includes(value)) return false;
  throw new SettingsError(`${variable} is "${text}": must be true or false (also 1/0, yes/no, on/off)`);
}

function readText(variable: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new SettingsError(`${variable} cannot be read: ${reason}`);
  }
}
