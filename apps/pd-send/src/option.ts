/** A command-line option as in Python's argparse: `-k KEY`, `-kKEY`, `--service-key KEY`, `--service-key=KEY`. */
export interface Option<Name extends string = string> {
  readonly name: Name;
  readonly short: string;
  /** Long names; messages show the first one. */
  readonly long: readonly [string, ...string[]];
  /** Name of the value in the usage; without one, the option is a switch. */
  readonly value?: string;
  readonly choices?: readonly string[];
  readonly required?: boolean;
  /** The environment may have it: the usage shows it as optional. */
  readonly isInEnvironment?: true;
  readonly help: string;
}

/** A required positional argument. */
export interface Positional<Name extends string = string> {
  readonly name: Name;
  readonly value: string;
  readonly choices?: readonly string[];
  readonly help: string;
}

/** Options of all commands. */
export type Shared = 'help' | 'version';

/** The options and positional arguments of a command. */
export interface Syntax<Name extends string = string> {
  readonly options: readonly Option<Name | Shared>[];
  readonly positionals?: readonly Positional<Name>[];
}

/** Options shared by several commands. */
export const HELP = { name: 'help', short: '-h', long: ['--help'], help: 'show this help and exit' } as const;

export const VERSION = {
  name: 'version',
  short: '-V',
  long: ['--version'],
  help: 'show the version and exit',
} as const;

export const KEY_HELP =
  'integration key of the PagerDuty service, or routing key of an orchestration: 32 characters (if missing or empty: PDSEND_KEY or PDSEND_KEY_FILE)';

export const SERVICE_KEY = {
  name: 'key',
  short: '-k',
  long: ['--service-key', '--routing-key'],
  value: 'KEY',
  required: true,
  isInEnvironment: true,
  help: KEY_HELP,
} as const;

export const CLIENT = {
  name: 'client',
  short: '-c',
  long: ['--client'],
  value: 'NAME',
  help: 'the monitoring tool that sends the event',
} as const;

export const CLIENT_URL = {
  name: 'clientUrl',
  short: '-u',
  long: ['--client-url'],
  value: 'URL',
  help: 'URL of the alert in that tool',
} as const;

/** How messages name an option: by its first names, as PagerDuty Agent does. */
export function optionLabel(given: Option | Positional): string {
  return 'short' in given ? `${given.short}/${given.long[0]}` : given.value;
}
