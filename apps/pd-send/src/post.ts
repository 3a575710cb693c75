import http from 'node:http';
import https from 'node:https';
import { type Socket } from 'node:net';
import tls from 'node:tls';
import { isJsonObject } from '@pdaltagent/events';
import { type SendSettings } from './settings';

/** The result of one attempt: a response, or none. */
export type Attempt =
  | {
      readonly kind: 'response';
      readonly status: number;
      readonly retryAfter: string | undefined;
      readonly text: string;
    }
  | { readonly kind: 'unreachable'; readonly reason: string }
  | { readonly kind: 'untrusted'; readonly reason: string }
  /** The certificate is for other hosts; `names`: their names, if known. */
  | { readonly kind: 'misnamed'; readonly names: string };

const ATTEMPT_TIMEOUT_MS = 10_000;
const RESPONSE_LIMIT_CHARACTERS = 64 * 1024;

/** Posts the body once, with this user agent. Never throws. */
export async function post(settings: SendSettings, agent: string, body: string): Promise<Attempt> {
  const signal = AbortSignal.timeout(ATTEMPT_TIMEOUT_MS);
  try {
    return await exchange(settings, agent, body, signal);
  } catch (error) {
    if (signal.aborted) return { kind: 'unreachable', reason: `no response within ${ATTEMPT_TIMEOUT_MS / 1000} s` };
    const { code, message } = firstOf(error);
    if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return { kind: 'misnamed', names: namesOf(error) };
    return { kind: CERTIFICATE_ERRORS.test(code) ? 'untrusted' : 'unreachable', reason: message };
  }
}

const CERTIFICATE_ERRORS =
  /^(CERT_|ERR_TLS_CERT|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_|INVALID_CA|INVALID_PURPOSE|HOSTNAME_MISMATCH)/;

async function exchange(settings: SendSettings, agent: string, body: string, signal: AbortSignal): Promise<Attempt> {
  const { target, proxy } = settings;
  const isSecure = target.protocol === 'https:';
  const tunnel = isSecure && proxy !== undefined ? await connectThrough(proxy, settings, signal) : undefined;
  const via = isSecure || proxy === undefined ? target : proxy;
  const request = (via.protocol === 'https:' ? https : http).request({
    method: 'POST',
    host: bareHost(via),
    port: via.port || (via.protocol === 'https:' ? 443 : 80),
    path: via === target ? target.pathname : withoutCredentials(target),
    headers: {
      host: target.host,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      'user-agent': agent,
      connection: 'close',
      ...basic('authorization', target),
      ...(settings.token === undefined ? {} : { 'x-pdaltagent-token': settings.token }),
      ...(via === target ? {} : basic('proxy-authorization', via)),
    },
    signal,
    ...tlsOptions(settings),
    // Without `agent: false` the default agent would be used, with its own connections.
    ...(tunnel === undefined
      ? { agent: false }
      : { createConnection: () => tls.connect({ socket: tunnel, ...serverName(target), ...tlsOptions(settings) }) }),
  });
  return new Promise((resolve, reject) => {
    request.on('error', reject);
    request.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('error', reject);
      response.on('data', (chunk: string) => {
        text = (text + chunk).slice(0, RESPONSE_LIMIT_CHARACTERS);
      });
      response.on('end', () => {
        resolve({
          kind: 'response',
          status: response.statusCode ?? 0,
          retryAfter: response.headers['retry-after'],
          text,
        });
      });
    });
    request.end(body);
  });
}

/** A socket to the target through the proxy (CONNECT). */
function connectThrough(proxy: URL, settings: SendSettings, signal: AbortSignal): Promise<Socket> {
  const { target } = settings;
  const host = `${target.hostname}:${target.port || 443}`;
  const request = (proxy.protocol === 'https:' ? https : http).request({
    method: 'CONNECT',
    host: bareHost(proxy),
    port: proxy.port || (proxy.protocol === 'https:' ? 443 : 80),
    path: host,
    headers: { host, ...basic('proxy-authorization', proxy) },
    agent: false,
    signal,
    ...(proxy.protocol === 'https:' ? tlsOptions(settings) : {}),
  });
  return new Promise((resolve, reject) => {
    request.on('error', reject);
    request.on('connect', (response, socket) => {
      if (response.statusCode === 200) resolve(socket);
      else {
        socket.destroy();
        reject(new Error(`the proxy ${proxy.origin} answered ${response.statusCode} to CONNECT`));
      }
    });
    request.end();
  });
}

function tlsOptions({ authorities, skipVerification }: SendSettings): tls.ConnectionOptions {
  return {
    rejectUnauthorized: !skipVerification,
    ...(authorities === undefined ? {} : { ca: [...tls.rootCertificates, authorities] }),
  };
}

/** TLS does not allow IP addresses as server names. */
function serverName(target: URL): { servername?: string; host: string } {
  const host = bareHost(target);
  return /^[\d.]+$|:/.test(host) ? { host } : { host, servername: host };
}

function bareHost({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, '');
}

function withoutCredentials(url: URL): string {
  return `${url.origin}${url.pathname}`;
}

function basic(header: string, { username, password }: URL): Record<string, string> {
  if (username === '' && password === '') return {};
  const credentials = `${decode(username)}:${decode(password)}`;
  return { [header]: `Basic ${Buffer.from(credentials).toString('base64')}` };
}

/** A percent sign that is not part of an escape is literal. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text.replace(/%(?![\da-f]{2})/gi, '%25'));
  } catch {
    return text;
  }
}

/** Node wraps the errors of a host's several addresses in an AggregateError without a message. */
function firstOf(error: unknown): { code: string; message: string } {
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  if (!(first instanceof Error)) return { code: '', message: String(first) };
  return { code: 'code' in first ? String(first.code) : '', message: onOneLine(first.message) };
}

/** The names of the certificate in Node's error: `localhost, 127.0.0.1` for "DNS:localhost, IP Address:127.0.0.1". */
function namesOf(error: unknown): string {
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  const names =
    first instanceof Error && 'cert' in first && isJsonObject(first.cert) ? first.cert['subjectaltname'] : '';
  return typeof names === 'string' ? names.replace(/(?:DNS|IP Address):/g, '') : '';
}

/** Extracts OpenSSL's reason, which is between the names of its routines and of its source files. */
function onOneLine(message: string): string {
  const [, reason] = /:SSL routines:[^:]*:([^:]+)/.exec(message) ?? [];
  return reason === undefined ? message.replace(/\s+/g, ' ').trim() : `TLS failed: ${reason.trim()}`;
}
