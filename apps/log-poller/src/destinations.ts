import { type Logger, openDestinationsFile } from '@pdaltagent/service';
import { type Destination, readDestinations } from '@pdaltagent/webhooks';
import { type Configuration } from './configuration';

/** Where webhooks go at the moment. */
export interface Destinations {
  current(): readonly Destination[];
  start(): void;
  stop(): void;
}

/**
 * The destinations of the file, else those of the URLs; undefined where there are none.
 * @throws ConfigurationError where the file has problems
 */
export function openDestinations(configuration: Configuration, log: Logger): Destinations | undefined {
  const { webhooksFile, destinations = [], format } = configuration;
  if (webhooksFile !== undefined) {
    if (destinations.length > 0)
      log.warn('PDAGENTD_WEBHOOKS_FILE is in force: nothing is queued for the URLs of PDAGENTD_WEBHOOK_DEST_URL');
    return openDestinationsFile({ path: webhooksFile, read: readDestinations, log });
  }
  if (destinations.length === 0) return undefined;
  const list = destinations.map((destination) => ({ ...destination, format }));
  return { current: () => list, start: () => undefined, stop: () => undefined };
}
