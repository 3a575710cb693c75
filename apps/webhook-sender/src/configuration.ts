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
  sendingVariables,
} from '@pdaltagent/service';

export const variables = {
  ...queueVariables,
  ...redisVariables,
  ...digestVariables,
  ...journalVariables,
  ...retentionVariables,
  ...sendingVariables,
  ...proxyVariables({ mustBe: PROXY_FORM, parse: proxyOf }),
  maximumAgeSeconds: integer(
    'PDAGENTD_WEBHOOK_MAX_AGE_SECONDS',
    172_800,
    'a webhook that still fails after a webhook-sender has held it for this long becomes a dead letter; seconds',
    { min: 1 },
  ),
  memoryMegabytes: integer(
    'PDAGENTD_WORKER_MEMORY_MB',
    64,
    'how much a worker holds of messages, with their headers; megabytes, to which the first messages of a queue are added',
    { min: 1 },
  ),
  concurrency: integer('PDAGENTD_WEBHOOK_CONCURRENCY', 64, 'concurrent attempts', {
    min: 1,
    max: 10_000,
  }),
};

export type Configuration = ConfigurationOf<typeof variables>;
