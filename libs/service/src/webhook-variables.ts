import { type JsonObject, objectOf, parseDestinations } from '@pdaltagent/webhooks';
import { webhooksFile } from './destinations-file';
import { scrubVariables } from './scrubbing';
import { choice, custom, flag, secret, url } from './variable';

export const destinationUrls = custom(
  'PDAGENTD_WEBHOOK_DEST_URL',
  'destination URLs of webhooks, separated by commas',
  {
    mustBe: 'http:// or https:// URLs, separated by commas, each once',
    parse: parseDestinations,
    secret: true,
  },
);

/** Which log entries are read and which webhooks are created from them: the same for every process that does so. */
export const webhookVariables = {
  apiBaseUrl: url(
    'PDAGENTD_API_BASE_URL',
    'https://api.pagerduty.com',
    'PagerDuty’s REST API; EU: https://api.eu.pagerduty.com',
  ),
  apiToken: secret('PDAGENTD_API_TOKEN', 'REST API key or OAuth token; without it the poller logs this and idles'),
  destinations: destinationUrls,
  webhooksFile,
  format: choice('PDAGENTD_WEBHOOK_FORMAT', ['v2', 'v3'], 'v2', 'format of webhooks'),
  services: custom('PDAGENTD_WEBHOOK_SERVICES_LIST', 'ids of services; only their log entries are sent', {
    mustBe: 'a JSON array of service ids, such as ["PABC123"]',
    parse: serviceIdsOf,
  }),
  webhookConfig: custom('PDAGENTD_WEBHOOK_CONFIG_JSON', 'JSON object, put into v2 messages as webhook.config', {
    mustBe: 'a JSON object',
    parse: (text): JsonObject | undefined => objectOf(jsonOf(text)) ?? undefined,
  }),
  allLogEntries: flag('PDAGENTD_GET_ALL_LOG_ENTRIES', false, 'read every log entry, not only those of the overview'),
  scrubWebhooks: flag(
    'PDAGENTD_SCRUB_WEBHOOKS',
    false,
    'replace personal data and secrets in webhooks before they are queued',
  ),
  ...scrubVariables,
};

function serviceIdsOf(text: string): readonly string[] | undefined {
  const list = jsonOf(text);
  if (!Array.isArray(list)) return undefined;
  const ids = list.filter((id): id is string => typeof id === 'string');
  return ids.length === list.length ? ids : undefined;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
