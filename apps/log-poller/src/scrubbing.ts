import { configuredScrubber, type Logger } from '@pdaltagent/service';
import { Counter, type Registry } from 'prom-client';
import { type Configuration } from './configuration';

/**
 * Takes personal data out of webhooks and counts, by kind, how many values were replaced; undefined where that is not asked for.
 * @throws ConfigurationError
 */
export function createScrub(
  configuration: Configuration,
  registry: Registry,
  log: Logger,
): ((body: Buffer) => Buffer) | undefined {
  if (!configuration.scrubWebhooks) return undefined;
  const scrubber = configuredScrubber(configuration);
  if (configuration.scrubSecret === undefined) {
    log.warn('personal data in keys of incidents and alerts stays as it is: PDAGENTD_SCRUB_SECRET is not set');
  }
  const replaced = new Counter({
    name: 'pdaltagent_poller_scrubbed_total',
    help: 'Values that were replaced in webhooks because they are personal or secret, by kind.',
    labelNames: ['kind'],
    registers: [registry],
  });
  return (body) => {
    const { bytes, found } = scrubber.scrubWebhook(body);
    for (const [kind, count] of Object.entries(found)) replaced.inc({ kind }, count);
    return bytes;
  };
}
