import { configuredScrubber, type Logger } from '@pdaltagent/service';
import { Counter, type Registry } from 'prom-client';
import { type Configuration } from './configuration';
import { type Scrub } from './ports';

/**
 * Takes personal data out of events and counts, by kind, how many values were replaced; undefined where that is not asked for.
 * @throws ConfigurationError
 */
export function createScrub(configuration: Configuration, registry: Registry, log: Logger): Scrub | undefined {
  if (!configuration.scrub) return undefined;
  const scrubber = configuredScrubber(configuration);
  if (configuration.scrubSecret === undefined) {
    log.warn('personal data in dedup keys stays as it is: PDAGENTD_SCRUB_SECRET is not set');
  }
  const replaced = new Counter({
    name: 'pdaltagent_gateway_scrubbed_total',
    help: 'Values that were replaced in events because they are personal or secret, by kind.',
    labelNames: ['kind'],
    registers: [registry],
  });
  return ({ type, contentType, body }) => {
    const { bytes, found } = scrubber.scrubBody(type, contentType, body);
    for (const [kind, count] of Object.entries(found)) replaced.inc({ kind }, count);
    return bytes;
  };
}
