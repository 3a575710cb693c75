import { PROXY_FORM, proxyOf } from '@pdaltagent/http';
import {
  ConfigurationError,
  type ConfigurationOf,
  custom,
  integer,
  journalVariables,
  proxyVariables,
  queueVariables,
  redisVariables,
  webhookVariables,
} from '@pdaltagent/service';
import { parseTime } from '@pdaltagent/webhooks';

export const variables = {
  ...queueVariables,
  ...redisVariables,
  ...journalVariables,
  ...webhookVariables,
  intervalSeconds: integer('PDAGENTD_POLLING_INTERVAL_SECONDS', 10, 'seconds between two poll cycles', { min: 1 }),
  overlapSeconds: integer(
    'PDAGENTD_POLL_OVERLAP_SECONDS',
    60,
    'how late a log entry may appear; this much is read again in each cycle; seconds',
  ),
  keepSeconds: integer(
    'PDAGENTD_KEEP_ACTIVITY_SECONDS',
    2_592_000,
    'how long the ids of sent log entries are remembered; seconds',
    {
      min: 1,
    },
  ),
  ...proxyVariables({ mustBe: PROXY_FORM, parse: proxyOf }),
  since: custom('PDAGENTD_POLL_SINCE', 'time from which the first start reads (ISO 8601); default: five minutes ago', {
    mustBe: 'an ISO 8601 time, such as 2026-03-01T00:00:00Z',
    parse: (text) => parseTime(text) ?? undefined,
  }),
};

export type Configuration = ConfigurationOf<typeof variables>;

/** An entry that is forgotten while it is still read again would be sent twice. @throws ConfigurationError */
export function checkRetention({ keepSeconds, overlapSeconds }: Configuration): void {
  if (keepSeconds >= overlapSeconds) return;
  throw new ConfigurationError([
    `PDAGENTD_KEEP_ACTIVITY_SECONDS is "${keepSeconds}": wants at least PDAGENTD_POLL_OVERLAP_SECONDS (${overlapSeconds})`,
  ]);
}
