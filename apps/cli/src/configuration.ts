import { secret, text, url } from '@pdaltagent/service';

export const pagerDutyVariables = {
  eventsBaseUrl: url('PDAGENTD_EVENTS_BASE_URL', 'https://events.pagerduty.com', 'PagerDuty’s Events API'),
  apiBaseUrl: url('PDAGENTD_API_BASE_URL', 'https://api.pagerduty.com', 'PagerDuty’s REST API'),
  apiToken: secret('PDAGENTD_API_TOKEN', 'REST API key or OAuth token'),
  certificateAuthorities: text('PDAGENTD_CA_FILE', undefined, 'further authorities to trust (PEM)'),
};
