import { type ConfigurationOf, flag, integer, port, secret, text } from '@pdaltagent/service';

/** The simulator's environment variables. */
export const variables = {
  port: port('SIMULATOR_PORT', 9009, 'port of all APIs; 0 selects a free one and logs it'),
  host: text('SIMULATOR_HOST', '127.0.0.1', 'address to listen on; 0.0.0.0 in a container'),
  apiToken: secret(
    'SIMULATOR_API_TOKEN',
    'the only REST API token that is accepted; if unset, any token that is not empty',
  ),
  keepBodies: flag(
    'SIMULATOR_KEEP_BODIES',
    true,
    'keep the bodies and headers that arrive; false keeps only their SHA-256 and length (for long runs)',
  ),
  maximumRecords: integer(
    'SIMULATOR_MAXIMUM_RECORDS',
    1_000_000,
    'how many events, incidents and log entries are kept, of each kind; the oldest are dropped',
    { min: 1 },
  ),
};

export type Configuration = ConfigurationOf<typeof variables>;
