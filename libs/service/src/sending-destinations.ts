import {
  readSendingDestinations,
  type SendingDestination,
  type Signing,
  standardKeyOf,
  withSigning,
} from '@pdaltagent/webhooks';
import { type ConfigurationOf, type Environment } from './configuration';
import { openDestinationsFile, webhooksFile } from './destinations-file';
import { type Logger } from './logger';
import { authorityVariables } from './server-variables';
import { custom, integer } from './variable';
import { destinationUrls } from './webhook-variables';

/** The variables of processes that post webhooks. */
export const sendingVariables = {
  ...authorityVariables,
  destinations: destinationUrls,
  webhooksFile,
  secrets: custom('PDAGENTD_WEBHOOK_SECRET', 'signs webhooks; two, separated by a comma, during a rotation', {
    mustBe: 'one secret, or two separated by a comma',
    parse: secretsOf,
    secret: true,
  }),
  standardKeys: custom(
    'PDAGENTD_WEBHOOK_STANDARD_SECRET',
    'adds the headers of Standard Webhooks; two, separated by a comma, during a rotation',
    {
      mustBe: 'whsec_ and 24 to 64 bytes in base64, or two of them separated by a comma',
      parse: standardKeysOf,
      secret: true,
    },
  ),
  timeoutSeconds: integer('PDAGENTD_WEBHOOK_TIMEOUT_SECONDS', 5, 'how long a destination may take to answer; seconds', {
    min: 1,
    max: 600,
  }),
};

type SenderSettings = Pick<
  ConfigurationOf<typeof sendingVariables>,
  'destinations' | 'webhooksFile' | 'secrets' | 'standardKeys'
>;

/** The destinations for processes that post webhooks: those in the file, and those of URLs that the file does not name. */
export interface SendingDestinations {
  current(): readonly SendingDestination[];
  named(name: string): SendingDestination | undefined;
  onChange(listener: () => void): void;
  start(): void;
  stop(): void;
}

/**
 * Opens both sources. Webhooks that are queued for a URL are still delivered after a file has replaced it.
 * @throws ConfigurationError if the file has problems
 */
export function openSendingDestinations(
  { destinations = [], webhooksFile: path, secrets = [], standardKeys = [] }: SenderSettings,
  log: Pick<Logger, 'info' | 'error'>,
  environment: Environment = process.env,
): SendingDestinations {
  const signing: Signing = { secrets, standardKeys };
  const plain = destinations.map((destination) => withSigning(destination, signing));
  const file =
    path === undefined ? undefined : openDestinationsFile({ path, read: readSendingDestinations, log, environment });
  const byName = new Map<string, SendingDestination>();
  const reload = () => {
    byName.clear();
    for (const destination of [...plain, ...(file?.current() ?? [])]) byName.set(destination.name, destination);
  };
  reload();
  file?.onChange(reload);
  return {
    current: () => [...byName.values()],
    named: (name) => byName.get(name),
    onChange: (listener) => file?.onChange(listener),
    start: () => file?.start(),
    stop: () => file?.stop(),
  };
}

function secretsOf(value: string): readonly string[] | undefined {
  const secrets = value.split(',').map((secret) => secret.trim());
  return secrets.length <= 2 && !secrets.includes('') ? secrets : undefined;
}

function standardKeysOf(value: string): readonly Uint8Array[] | undefined {
  const keys = secretsOf(value)?.map(standardKeyOf);
  return keys?.every((key) => key !== undefined) === true ? keys : undefined;
}
