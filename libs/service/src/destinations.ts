import { type Destination, readDestinations } from '@pdaltagent/webhooks';
import { type ConfigurationOf, type Environment } from './configuration';
import { openDestinationsFile } from './destinations-file';
import { type Logger } from './logger';
import { type webhookVariables } from './webhook-variables';

type DestinationSettings = Pick<ConfigurationOf<typeof webhookVariables>, 'webhooksFile' | 'destinations' | 'format'>;

/** The current destinations of webhooks, for processes that create webhooks. */
export interface Destinations {
  current(): readonly Destination[];
  start(): void;
  stop(): void;
}

/**
 * The destinations in the file, otherwise those of the URLs; undefined if there are none.
 * @throws ConfigurationError if the file has problems
 */
export function openDestinations(
  { webhooksFile, destinations = [], format }: DestinationSettings,
  log: Pick<Logger, 'info' | 'warn' | 'error'>,
  environment: Environment = process.env,
): Destinations | undefined {
  if (webhooksFile !== undefined) {
    if (destinations.length > 0)
      log.warn('PDAGENTD_WEBHOOKS_FILE is set: nothing is queued for the URLs of PDAGENTD_WEBHOOK_DEST_URL');
    return openDestinationsFile({ path: webhooksFile, read: readDestinations, log, environment });
  }
  if (destinations.length === 0) return undefined;
  const list = destinations.map((destination) => ({ ...destination, format }));
  return { current: () => list, start: () => undefined, stop: () => undefined };
}
