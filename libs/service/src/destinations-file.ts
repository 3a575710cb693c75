import { type Destination, type ReadDestinations, textOfProblem, type ValueSources } from '@pdaltagent/webhooks';
import { type Environment } from './configuration';
import { type Logger } from './logger';
import { text } from './variable';
import { WatchedFile } from './watched-file';

/** The destinations file, the same for every process that reads it. */
export const webhooksFile = text(
  'PDAGENTD_WEBHOOKS_FILE',
  undefined,
  'destinations file (YAML or JSON), used instead of PDAGENTD_WEBHOOK_DEST_URL; reloaded when it changes',
);

export interface DestinationsFileOptions<D> {
  readonly path: string;
  /** Which part of a destination is read; see libs/webhooks. */
  readonly read: (text: string, sources: ValueSources) => ReadDestinations<D>;
  readonly log: Pick<Logger, 'info' | 'error'>;
  readonly environment?: Environment;
}

/** Opens the destinations file. @throws ConfigurationError with all problems and their lines */
export function openDestinationsFile<D extends Destination>({
  path,
  read,
  log,
  environment = process.env,
}: DestinationsFileOptions<D>): WatchedFile<readonly D[]> {
  return WatchedFile.open<readonly D[]>({
    path,
    variable: webhooksFile.name,
    environment,
    parse: (content, sources) => {
      const found = read(content, sources);
      return found.kind === 'destinations'
        ? { kind: 'value', value: found.destinations }
        : { kind: 'problems', problems: found.problems.map(textOfProblem) };
    },
    describe: (destinations) => ({ destinations: destinations.map(({ name }) => name) }),
    log,
  });
}
