import {
  type ConfigurationOf,
  type Destinations,
  openDestinations,
  openSendingDestinations,
  readConfiguration,
  sendingVariables,
  webhookVariables,
} from '@pdaltagent/service';
import { type Destination, type SendingDestination } from '@pdaltagent/webhooks';
import { proxies } from '../configuration';
import { CliError, type Terminal } from '../terminal';

export type WebhookConfiguration = ConfigurationOf<typeof webhookVariables>;

const NONE = 'there are no destinations: set PDAGENTD_WEBHOOKS_FILE or PDAGENTD_WEBHOOK_DEST_URL as for the services';

/** The destinations as the log-poller knows them. @throws CliError, ConfigurationError */
export function pollerDestinations(
  { environment, error }: Terminal,
  configuration: WebhookConfiguration,
): Destinations {
  const warn = (message: string) => void error(`${message}\n`);
  const log = { info: warn, warn: () => undefined, error: warn };
  const destinations = openDestinations(configuration, log, environment);
  if (destinations === undefined) throw new CliError(NONE);
  return destinations;
}

/** One destination as the webhook-sender knows it, and the sender's configuration. @throws CliError, ConfigurationError */
export function senderDestination({ environment, error }: Terminal, name: string) {
  const configuration = readConfiguration(
    { ...sendingVariables, ...proxies, format: webhookVariables.format },
    environment,
  );
  const say = (message: string) => void error(`${message}\n`);
  const destinations = openSendingDestinations(configuration, { info: say, error: say }, environment);
  const destination = findDestination(destinations.current(), name);
  const isPlain = configuration.destinations?.some((plain) => plain.name === destination.name) ?? false;
  const found: SendingDestination = isPlain ? { ...destination, format: configuration.format } : destination;
  return { configuration, destination: found };
}

/** @throws CliError that lists the names */
export function findDestination<D extends Destination>(destinations: readonly D[], name: string): D {
  const found = destinations.find((destination) => destination.name === name);
  if (found !== undefined) return found;
  if (destinations.length === 0) throw new CliError(NONE);
  throw new CliError(`there is no destination ${name}; the destinations are: ${namesOf(destinations)}`, 2);
}

/** The destinations with these names; without names, the only destination. @throws CliError that lists the names */
export function chooseDestinations<D extends Destination>(
  destinations: readonly D[],
  names: readonly string[] | undefined,
): D[] {
  if (names !== undefined) return names.map((name) => findDestination(destinations, name));
  if (destinations.length === 0) throw new CliError(NONE);
  if (destinations.length === 1) return [...destinations];
  throw new CliError(`select a destination with --destination: ${namesOf(destinations)}`, 2);
}

function namesOf(destinations: readonly Destination[]): string {
  return destinations.map(({ name }) => name).join(', ');
}
