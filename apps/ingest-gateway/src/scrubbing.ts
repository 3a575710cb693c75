import { type Logger, meteredScrubber } from '@pdaltagent/service';
import { type Registry } from 'prom-client';
import { type Configuration } from './configuration';
import { type Scrub } from './ports';
import { lengthOf, scrubParts } from './scrub-parts';
import { ScrubThreads, type ScrubThreadsOptions } from './scrub-threads';

/** Scrubs events, large ones in threads. */
export interface Scrubbing extends Scrub {
  stop(): Promise<void>;
}

const METRIC = 'pdaltagent_gateway_scrubbed_total';
const TERMINATED = 'an event took too long to scrub: everything in it that may be personal is replaced';

/**
 * Replaces personal data in events and counts what was replaced; undefined if scrubbing is disabled.
 * @throws ConfigurationError
 */
export function createScrub(
  configuration: Configuration,
  metrics: Registry,
  log: Pick<Logger, 'warn'>,
  options: Pick<ScrubThreadsOptions, 'script' | 'terminateAfterMs'> = {},
): Scrubbing | undefined {
  if (!configuration.scrub) return undefined;
  const metered = { metric: METRIC, what: 'events', keys: 'dedup keys', metrics, log };
  const { scrubber, settings, count } = meteredScrubber(configuration, metered);
  const threads = new ScrubThreads({ ...options, settings, onTerminated: () => log.warn(TERMINATED) });
  return {
    now: (parts) => {
      if (lengthOf(parts) > scrubber.quickCharacters) return undefined;
      const result = scrubParts(scrubber, parts);
      result.found.forEach(count);
      return result.parts;
    },
    later: async (parts, sender) => {
      const result = await threads.scrub(parts, sender);
      if ('kind' in result) return result;
      result.found.forEach(count);
      return result.parts;
    },
    stop: () => threads.stop(),
  };
}
