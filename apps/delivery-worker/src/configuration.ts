import { PROXY_FORM, proxyOf } from '@pdaltagent/http';
import {
  type ConfigurationOf,
  digestVariables,
  integer,
  journalVariables,
  proxyVariables,
  queueVariables,
  redisVariables,
  retentionVariables,
  url,
} from '@pdaltagent/service';

export const variables = {
  ...queueVariables,
  ...redisVariables,
  ...digestVariables,
  ...journalVariables,
  ...retentionVariables,
  eventsBaseUrl: url('PDAGENTD_EVENTS_BASE_URL', 'https://events.pagerduty.com', 'PagerDuty’s Events API'),
  concurrency: integer('PDAGENTD_DELIVERY_CONCURRENCY', 256, 'concurrent attempts', { min: 1, max: 10_000 }),
  maximumAgeSeconds: integer(
    'PDAGENTD_EVENT_MAX_AGE_SECONDS',
    259_200,
    'an event that still fails after a worker has held it for this long becomes a dead letter; seconds',
    { min: 1 },
  ),
  poisonAfterSeconds: integer(
    'PDAGENTD_POISON_AFTER_SECONDS',
    3_600,
    'an event that gets 5xx for this long, while others are delivered, becomes a dead letter; seconds',
    { min: 1 },
  ),
  memoryMegabytes: integer(
    'PDAGENTD_WORKER_MEMORY_MB',
    64,
    'how much a worker holds of messages, with their headers; megabytes, to which the first messages of a queue are added',
    { min: 1 },
  ),
  connectTimeoutMs: integer('PDAGENTD_CONNECT_TIMEOUT_MS', 5_000, 'timeout for connecting to PagerDuty; milliseconds', {
    min: 1,
  }),
  attemptTimeoutMs: integer('PDAGENTD_ATTEMPT_TIMEOUT_MS', 15_000, 'timeout for a whole attempt; milliseconds', {
    min: 1,
  }),
  ...proxyVariables({ mustBe: PROXY_FORM, parse: proxyOf }),
};

export type Configuration = ConfigurationOf<typeof variables>;
