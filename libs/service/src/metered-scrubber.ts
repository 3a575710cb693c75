import { type FindingCounts, type Scrubber } from '@pdaltagent/scrubber';
import { Counter, type Registry } from 'prom-client';
import { type Logger } from './logger';
import { configuredScrubber, type ScrubConfiguration } from './scrubbing';

export interface MeteredScrubberOptions {
  /** The name of the counter. */
  readonly metric: string;
  /** What is scrubbed, and which keys in it relate events to each other; for the help of the metric and for the log. */
  readonly what: string;
  readonly keys: string;
  readonly metrics: Registry;
  readonly log: Pick<Logger, 'warn'>;
}

/**
 * The scrubber that the variables configure, with a counter of replaced values by kind.
 * @returns a function that calls back with the scrubber, counts what was found and returns the scrubbed bytes
 * @throws ConfigurationError
 */
export function meteredScrubber(
  configuration: ScrubConfiguration,
  { metric, what, keys, metrics, log }: MeteredScrubberOptions,
): (scrub: (scrubber: Scrubber) => { readonly bytes: Buffer; readonly found: FindingCounts }) => Buffer {
  const scrubber = configuredScrubber(configuration);
  if ((configuration.scrubSecret ?? '').trim() === '') {
    log.warn(`personal data in ${keys} is not replaced: PDAGENTD_SCRUB_SECRET is not set`);
  }
  const replaced = new Counter({
    name: metric,
    help: `Values replaced in ${what} because they are personal or secret, by kind.`,
    labelNames: ['kind'],
    registers: [metrics],
  });
  return (scrub) => {
    const { bytes, found } = scrub(scrubber);
    for (const [kind, count] of Object.entries(found)) replaced.inc({ kind }, count);
    return bytes;
  };
}
