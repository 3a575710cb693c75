import { type Logger, meteredScrubber } from '@pdaltagent/service';
import { type Registry } from 'prom-client';
import { type Configuration } from './configuration';

/**
 * Removes personal data from webhooks and counts the replacements; undefined if scrubbing is not enabled.
 * @throws ConfigurationError
 */
export function createScrub(
  configuration: Configuration,
  metrics: Registry,
  log: Logger,
): ((body: Buffer) => Buffer) | undefined {
  if (!configuration.scrubWebhooks) return undefined;
  const metric = 'pdaltagent_poller_scrubbed_total';
  const keys = 'keys of incidents and alerts';
  const { scrubber, count } = meteredScrubber(configuration, { metric, what: 'webhooks', keys, metrics, log });
  return (body) => {
    const { bytes, found } = scrubber.scrubWebhook(body);
    count(found);
    return bytes;
  };
}
