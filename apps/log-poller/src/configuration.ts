import {
  choice,
  ConfigurationError,
  type ConfigurationOf,
  custom,
  flag,
  integer,
  scrubVariables,
  secret,
  url,
  webhooksFile,
} from '@pdaltagent/service';
import { instantOf, type JsonObject, objectOf, parseDestinations } from '@pdaltagent/webhooks';

export const variables = {
  amqpUrl: url('PDAGENTD_AMQP_URL', 'amqp://guest:guest@localhost:5672', 'RabbitMQ', {
    schemes: ['amqp', 'amqps', 'pyamqp'],
    aliases: ['CELERY_BROKER_URL'],
    secret: true,
  }),
  queueType: choice('PDAGENTD_QUEUE_TYPE', ['quorum', 'classic'], 'quorum', 'what kind of queues RabbitMQ keeps'),
  redisUrl: url('PDAGENTD_REDIS_URL', 'redis://localhost:6379', 'Redis', {
    schemes: ['redis', 'rediss'],
    secret: true,
  }),
  apiBaseUrl: url('PDAGENTD_API_BASE_URL', 'https://api.pagerduty.com', 'REST API; EU: https://api.eu.pagerduty.com'),
  apiToken: secret('PDAGENTD_API_TOKEN', 'REST API key or OAuth token; none: the poller says so and idles'),
  destinations: custom('PDAGENTD_WEBHOOK_DEST_URL', 'where webhooks go, one or more URLs separated by commas', {
    wants: 'http:// or https:// URLs, separated by commas, each once',
    parse: parseDestinations,
    secret: true,
  }),
  webhooksFile,
  format: choice('PDAGENTD_WEBHOOK_FORMAT', ['v2', 'v3'], 'v2', 'the form of webhooks'),
  services: custom('PDAGENTD_WEBHOOK_SERVICES_LIST', 'ids of services: only their webhooks are sent', {
    wants: 'a JSON array of service ids, such as ["PABC123"]',
    parse: serviceIdsOf,
  }),
  webhookConfig: custom('PDAGENTD_WEBHOOK_CONFIG_JSON', 'put into v2 messages as webhook.config', {
    wants: 'a JSON object',
    parse: (text): JsonObject | undefined => objectOf(jsonOf(text)) ?? undefined,
  }),
  allLogEntries: flag('PDAGENTD_GET_ALL_LOG_ENTRIES', false, 'every log entry, not only those of the overview'),
  intervalSeconds: integer('PDAGENTD_POLLING_INTERVAL_SECONDS', 10, 'seconds between two looks at the log', { min: 1 }),
  overlapSeconds: integer('PDAGENTD_POLL_OVERLAP_SECONDS', 60, 'how late a log entry may appear; read again each time'),
  keepSeconds: integer('PDAGENTD_KEEP_ACTIVITY_SECONDS', 2_592_000, 'how long sent log entries are remembered', {
    min: 1,
  }),
  scrubWebhooks: flag(
    'PDAGENTD_SCRUB_WEBHOOKS',
    false,
    'take personal and secret data out of webhooks before they wait',
  ),
  ...scrubVariables,
  since: custom('PDAGENTD_POLL_SINCE', 'where a first start begins; the default is five minutes ago', {
    wants: 'an ISO 8601 time, such as 2026-03-01T00:00:00Z',
    parse: (text) => instantOf(text) ?? undefined,
  }),
};

export type Configuration = ConfigurationOf<typeof variables>;

/** Forgetting an entry while it is still read again would send it again. @throws ConfigurationError */
export function checkRemembering({ keepSeconds, overlapSeconds }: Configuration): void {
  if (keepSeconds >= overlapSeconds) return;
  throw new ConfigurationError([
    `PDAGENTD_KEEP_ACTIVITY_SECONDS is "${keepSeconds}": wants at least PDAGENTD_POLL_OVERLAP_SECONDS (${overlapSeconds})`,
  ]);
}

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
