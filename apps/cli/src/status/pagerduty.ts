import { kindOfText } from '@pdaltagent/delivery';
import { isJsonObject, readDocument } from '@pdaltagent/events';
import { authorizationOf } from '@pdaltagent/rest-api';
import { proxyFor } from '@pdaltagent/http';
import { maskSecrets } from '@pdaltagent/service';
import { type CheckResult } from './check-result';
import { type Fetch } from './web';

/**
 * Statuses that PagerDuty never returns for a GET on this path, which requires no authorization: the response is from a
 * proxy or firewall, or the address is wrong.
 */
const NEVER_FROM_PAGERDUTY = new Set([301, 302, 303, 307, 308, 401, 403, 407, 451, 502, 503, 504, 511]);
/** PagerDuty never returns 2xx for a GET on this path either; a network's login page does. */
const isNeverFromPagerDuty = (status: number): boolean =>
  NEVER_FROM_PAGERDUTY.has(status) || (status >= 200 && status < 300);

/** Whether PagerDuty's Events API responds, and through which proxy. Any response of PagerDuty's own counts. */
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
        detail: `${baseUrl} is unreachable ${through}: ${attempt.fault} (${maskSecrets(attempt.detail)})`,
        advice:
          proxy === ''
            ? 'check network, DNS, firewall and PDAGENTD_EVENTS_BASE_URL; meanwhile events wait in their lanes'
            : 'check the proxy (HTTPS_PROXY, NO_PROXY) and whether it allows this host; meanwhile events wait in their lanes',
      },
    ];
    return proxy === '' ? results : [...results, proxyResult(proxy, attempt.fault === 'proxy' ? 'attention' : 'note')];
  }
  const isNotPagerDuty = isNeverFromPagerDuty(attempt.status);
  const reachable: CheckResult = {
    subject,
    state: isNotPagerDuty ? 'attention' : 'fine',
    detail: `${baseUrl} answers ${through}${isNotPagerDuty ? ` with ${attempt.status}` : ''}`,
    ...(isNotPagerDuty
      ? { advice: 'this response is not PagerDuty’s: check the proxy and PDAGENTD_EVENTS_BASE_URL' }
      : {}),
  };
  return proxy === '' ? [reachable] : [reachable, proxyResult(proxy, attempt.status === 407 ? 'attention' : 'fine')];
}

function proxyResult(proxy: string, state: 'fine' | 'note' | 'attention'): CheckResult {
  const detail = `${hostOf(proxy)} is in use${state === 'attention' ? ' and refuses requests' : ''}`;
  return { subject: 'proxy', state, detail };
}

/** Whether the REST API accepts the token. */
export async function checkToken(fetch: Fetch, baseUrl: string, token: string | undefined): Promise<CheckResult> {
  const subject = 'token';
  if (token === undefined) {
    const detail = 'not known here: PDAGENTD_API_TOKEN is not set in this environment (a log-poller without it idles)';
    return { subject, state: 'off', detail };
  }
  const attempt = await fetch(`${baseUrl}/abilities`, {
    accept: 'application/vnd.pagerduty+json;version=2',
    authorization: authorizationOf(token),
  });
  if (attempt.kind === 'fault') {
    const detail = `${baseUrl} is unreachable: ${attempt.fault} (${maskSecrets(attempt.detail)})`;
    return { subject, state: 'attention', detail, advice: 'check network, proxy and PDAGENTD_API_BASE_URL' };
  }
  const { status, body } = attempt;
  if ((status === 200 && !isObject(body)) || (status < 500 && kindOfText(body, undefined) === 'html')) {
    const advice = 'this response is not PagerDuty’s: check the proxy and PDAGENTD_API_BASE_URL';
    return { subject, state: 'attention', detail: `${baseUrl} answers ${status}, but is not PagerDuty`, advice };
  }
  if (status === 200) return { subject, state: 'fine', detail: `${baseUrl} accepts it` };
  if (status === 429) return { subject, state: 'note', detail: `${baseUrl} is throttling it at the moment` };
  if (status === 401) {
    const advice =
      'create an API key in PagerDuty and set PDAGENTD_API_TOKEN; for an EU account, set PDAGENTD_API_BASE_URL too';
    return { subject, state: 'attention', detail: `${baseUrl} rejects it (401)`, advice };
  }
  const advice = 'check the token’s permissions (it must be able to read log entries) and PDAGENTD_API_BASE_URL';
  return { subject, state: 'attention', detail: `${baseUrl} answers ${status}`, advice };
}

function isObject(text: string): boolean {
  const reading = readDocument(Buffer.from(text));
  return reading.ok && isJsonObject(reading.document.value);
}

function hostOf(proxy: string): string {
  return URL.canParse(proxy) ? new URL(proxy).host : 'from the environment';
}
