import { isJsonObject, type JsonObject, readDocument } from '@pdaltagent/events';
import { post, type Attempt } from './post';
import { type SendSettings } from './settings';

/** The outcome: accepted, or an error as one line. */
export type SendResult = { readonly ok: true } | { readonly ok: false; readonly problem: string };

/** Delays between attempts in milliseconds, short enough in total for a monitoring tool that waits for the command. */
const RETRY_DELAYS_MS = [250, 750, 2_000];
const MAX_RETRY_DELAY_MS = 5_000;

/** Sends a body, and retries after network errors, 408, 429 and 5xx. */
export async function send(
  settings: SendSettings,
  agent: string,
  body: string,
  pause: (milliseconds: number) => Promise<void>,
): Promise<SendResult> {
  for (let attempt = 0; ; attempt += 1) {
    const result = await post(settings, agent, body);
    if (isAccepted(result)) return { ok: true };
    const wait = RETRY_DELAYS_MS[attempt];
    if (wait === undefined || !isRetryable(result))
      return { ok: false, problem: explain(result, settings.target, attempt + 1) };
    await pause(result.kind === 'response' ? Math.max(wait, retryAfterMs(result.retryAfter)) : wait);
  }
}

/** The gateway and PagerDuty send the same responses; a login page, whatever its status, has not accepted the event. */
function isAccepted(result: Attempt): boolean {
  return result.kind === 'response' && result.status === 202 && objectIn(result.text)?.status === 'success';
}

function isRetryable(result: Attempt): boolean {
  switch (result.kind) {
    case 'response':
      return result.status === 408 || result.status === 429 || result.status >= 500;
    case 'unreachable':
      return true;
    case 'untrusted':
    case 'misnamed':
      return false;
  }
}

function retryAfterMs(retryAfter: string | undefined): number {
  const seconds = Number(retryAfter);
  return Number.isFinite(seconds) && seconds > 0 ? Math.min(seconds * 1000, MAX_RETRY_DELAY_MS) : 0;
}

function explain(result: Attempt, target: URL, attempts: number): string {
  const tried = attempts === 1 ? '' : ` (${attempts} attempts)`;
  switch (result.kind) {
    case 'unreachable':
      return `cannot reach ${target.origin}: ${result.reason}${tried}`;
    case 'untrusted':
      return (
        `the certificate of ${target.origin} is not trusted: ${result.reason}; ` +
        'set PDSEND_CA_FILE to a file with its authority, or trust any certificate with PDSEND_SKIP_CERT_VERIFY=true'
      );
    case 'misnamed':
      return (
        `the certificate of ${target.origin} is for another name${result.names === '' ? '' : `: ${result.names}`}; ` +
        `use one of its names in PDSEND_EVENTS_BASE_URL, or add ${target.hostname} to PDAGENTD_TLS_NAMES of the gateway`
      );
    case 'response':
      return `${target.origin} answered ${result.status}${hintOf(result)}${tried}: ${reasonIn(result.text)}`;
  }
}

/** A web page or a success without the gateway's JSON comes from a proxy or a login page, or the address is wrong. */
function hintOf({ status, text }: Extract<Attempt, { readonly kind: 'response' }>): string {
  const isSuccess = status >= 200 && status < 300;
  if (isSuccess || text.trimStart().startsWith('<'))
    return ' (not the response of the gateway: check PDSEND_EVENTS_BASE_URL, and any proxy or login page)';
  return status === 401 ? " (PDSEND_TOKEN must be one of the gateway's tokens)" : '';
}

/** PagerDuty's message and errors if the response has any, otherwise its beginning, on one line. */
function reasonIn(text: string): string {
  const { message, errors } = objectIn(text) ?? {};
  const words = [
    ...(typeof message === 'string' ? [message] : []),
    ...(Array.isArray(errors) ? [errors.map(String).join('; ')] : []),
  ].join(': ');
  return (words || text).replace(/\s+/g, ' ').trim().slice(0, 500) || 'no reason given';
}

function objectIn(text: string): JsonObject | undefined {
  const reading = readDocument(Buffer.from(text));
  return reading.ok && isJsonObject(reading.document.value) ? reading.document.value : undefined;
}
