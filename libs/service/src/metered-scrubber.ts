import { type Clock, SYSTEM_CLOCK } from '@pdaltagent/clock';
import { type FindingCounts, type Scrubber } from '@pdaltagent/scrubber';
import { Counter, type Registry } from 'prom-client';
import { type Logger } from './logger';
import { configuredScrubber, type ScrubConfiguration, type ScrubSettings, scrubSettings } from './scrubbing';

export interface MeteredScrubberOptions {
  /** The name of the counter. */
  readonly metric: string;
  /** What is scrubbed, and which keys in it relate events to each other; for the help of the metric and for the log. */
  readonly what: string;
  readonly keys: string;
  readonly metrics: Registry;
  readonly log: Pick<Logger, 'warn'>;
  readonly clock?: Clock;
}

export interface MeteredScrubber {
  readonly scrubber: Scrubber;
  readonly settings: ScrubSettings;
  /** Counts what was found, by kind. */
  readonly count: (found: FindingCounts) => void;
}

/** How often values that were not scanned are logged at most; milliseconds. */
const LOG_EVERY_MS = 60_000;

/**
 * The scrubber that the variables configure, and a counter of replaced values by kind.
 * @throws ConfigurationError
 */
export function meteredScrubber(
  configuration: ScrubConfiguration,
  { metric, what, keys, metrics, log, clock = SYSTEM_CLOCK }: MeteredScrubberOptions,
): MeteredScrubber {
  const settings = scrubSettings(configuration);
  const scrubber = configuredScrubber(configuration, settings);
  if ((configuration.scrubSecret ?? '').trim() === '') {
    log.warn(`personal data in ${keys} is not replaced: PDAGENTD_SCRUB_SECRET is not set`);
  }
  const replaced = new Counter({
    name: metric,
    help: `Values replaced in ${what} because they are personal or secret, by kind.`,
    labelNames: ['kind'],
    registers: [metrics],
  });
  let unscanned = 0;
  let loggedAt = -Infinity;
  return {
    scrubber,
    settings,
    count: (found) => {
      for (const [kind, count] of Object.entries(found)) replaced.inc({ kind }, count);
      unscanned += found['UNSCANNED'] ?? 0;
      if (unscanned === 0 || clock.monotonic() - loggedAt < LOG_EVERY_MS) return;
      loggedAt = clock.monotonic();
      log.warn(`values in ${what} were replaced without a scan: too long, or a custom rule is slow`, {
        values: unscanned,
      });
      unscanned = 0;
    },
  };
}
