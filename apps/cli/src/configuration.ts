import { PROXY_FORM, proxyOf } from '@pdaltagent/http';
import { proxyVariables, secret, url } from '@pdaltagent/service';

/** Proxies are validated before anything is sent. */
export const proxies = proxyVariables({ mustBe: PROXY_FORM, parse: proxyOf });

export const pagerDutyVariables = {
  eventsBaseUrl: url('PDAGENTD_EVENTS_BASE_URL', 'https://events.pagerduty.com', 'PagerDuty’s Events API'),
  apiBaseUrl: url('PDAGENTD_API_BASE_URL', 'https://api.pagerduty.com', 'PagerDuty’s REST API'),
  apiToken: secret('PDAGENTD_API_TOKEN', 'REST API key or OAuth token'),
  ...proxies,
};
