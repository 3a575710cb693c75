import { kindOfText } from '@pdaltagent/delivery';
import { isJsonObject, readDocument } from '@pdaltagent/events';
import { authorizationOf } from '@pdaltagent/rest-api';
import { proxyFor } from '@pdaltagent/http';
import { maskSecrets } from '@pdaltagent/service';
import { type CheckResult } from './check-result';
import { type Fetch } from './web';

/** Statuses that PagerDuty never gives to a GET on this path: a proxy or a wrong address answered. */
const NEVER_FROM_PAGERDUTY = new Set([301, 302, 303, 307, 308, 407, 502, 503, 504]);
/** Nor does it take a GET for an event: a login page of the network does. */
const isNeverFromPagerDuty = (status: number): boolean =>
  NEVER_FROM_PAGERDUTY.has(status) || (status >= 200 && status < 300);

/** Whether PagerDuty's Events API answers, and through which proxy. Any answer of its own will do. */
export async function checkEventsApi(fetch: Fetch, baseUrl: string): Promise<CheckResult[]> {
  const proxy = proxyFor(new URL(baseUrl));
  const attempt = await fetch(`${baseUrl}/v2/enqueue`);
  const through = proxy === '' ? 'directly' : `through the proxy ${hostOf(proxy)}`;
  const subject = 'pagerduty';
  if (attempt.kind === 'fault') {
    const results: CheckResult[] = [
      {
        subject,
        state: 'attention',
        detail: `${baseUrl} cannot be reached ${through}: ${attempt.fault} (${maskSecrets(attempt.detail)})`,
        advice:
          proxy === ''
            ? 'look at network, DNS and firewall, and at PDAGENTD_EVENTS_BASE_URL; events wait in their lanes meanwhile'
            : 'look at the proxy (HTTPS_PROXY, NO_PROXY) and whether it lets this host pass; events wait meanwhile',
      },
    ];
    return proxy === '' ? results : [...results, proxyResult(proxy, attempt.fault === 'proxy' ? 'attention' : 'note')];
  }
  const isNotPagerDuty = isNeverFromPagerDuty(attempt.status);
  const answered: CheckResult = {
    subject,
    state: isNotPagerDuty ? 'attention' : 'fine',
    detail: `${baseUrl} answers ${through}${isNotPagerDuty ? ` with ${attempt.status}` : ''}`,
    ...(isNotPagerDuty
      ? { advice: 'this is not PagerDuty’s own answer: look at the proxy, and at PDAGENTD_EVENTS_BASE_URL' }
      : {}),
  };
  return proxy === '' ? [answered] : [answered, proxyResult(proxy, attempt.status === 407 ? 'attention' : 'fine')];
}

function proxyResult(proxy: string, state: 'fine' | 'note' | 'attention'): CheckResult {
  const detail = `${hostOf(proxy)} is in use${state === 'attention' ? ' and refuses' : ''}`;
  return { subject: 'proxy', state, detail };
}

/** Whether the REST API takes the token. */
export async function checkToken(fetch: Fetch, baseUrl: string, token: string | undefined): Promise<CheckResult> {
  const subject = 'token';
  if (token === undefined) {
    const detail =
      'not known here: PDAGENTD_API_TOKEN is not set in this environment (where the log-poller has none, it idles)';
    return { subject, state: 'off', detail };
  }
  const attempt = await fetch(`${baseUrl}/abilities`, {
    accept: 'application/vnd.pagerduty+json;version=2',
    authorization: authorizationOf(token),
  });
  if (attempt.kind === 'fault') {
    const detail = `${baseUrl} cannot be reached: ${attempt.fault} (${maskSecrets(attempt.detail)})`;
    return { subject, state: 'attention', detail, advice: 'look at network and proxy, and at PDAGENTD_API_BASE_URL' };
  }
  const { status, body } = attempt;
  if ((status === 200 && !isObject(body)) || (status < 500 && kindOfText(body, undefined) === 'html')) {
    const advice = 'this is not PagerDuty’s own answer: look at the proxy, and at PDAGENTD_API_BASE_URL';
    return { subject, state: 'attention', detail: `${baseUrl} answers ${status}, but not as PagerDuty does`, advice };
  }
  if (status === 200) return { subject, state: 'fine', detail: `${baseUrl} takes it` };
  if (status === 429) return { subject, state: 'note', detail: `${baseUrl} throttles it at the moment` };
  if (status === 401) {
    const advice = 'make a new API key at PagerDuty and set PDAGENTD_API_TOKEN; mind EU or US in PDAGENTD_API_BASE_URL';
    return { subject, state: 'attention', detail: `${baseUrl} does not know it (401)`, advice };
  }
  const advice = 'look at what the token may do (it has to read log entries), and at PDAGENTD_API_BASE_URL';
  return { subject, state: 'attention', detail: `${baseUrl} answers ${status}`, advice };
}

function isObject(text: string): boolean {
  const reading = readDocument(Buffer.from(text));
  return reading.ok && isJsonObject(reading.document.value);
}

function hostOf(proxy: string): string {
  return URL.canParse(proxy) ? new URL(proxy).host : 'that the environment names';
}
