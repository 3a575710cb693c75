import { type Logger, meteredScrubber } from '@pdaltagent/service';
import { type Registry } from 'prom-client';
import { type Configuration } from './configuration';
import { type Scrub } from './ports';

/** A query is scrubbed like a form: each value with its name; only changed values are escaped again. */
const FORM = 'application/x-www-form-urlencoded';

/**
 * Replaces personal data in events and counts what was replaced; undefined if scrubbing is disabled.
 * @throws ConfigurationError
 */
export function createScrub(configuration: Configuration, metrics: Registry, log: Logger): Scrub | undefined {
  if (!configuration.scrub) return undefined;
  const metric = 'pdaltagent_gateway_scrubbed_total';
  const scrub = meteredScrubber(configuration, { metric, what: 'events', keys: 'dedup keys', metrics, log });
  return {
    body: ({ type, contentType, body }) => scrub((scrubber) => scrubber.scrubBody(type, contentType, body)),
    query: (query) => scrub((scrubber) => scrubber.scrubBody('integration', FORM, Buffer.from(query))).toString(),
    header: (name, value) =>
      scrub((scrubber) => {
        const { text, found } = scrubber.scrubText(value, name);
        return { bytes: Buffer.from(text), found };
      }).toString(),
  };
}
