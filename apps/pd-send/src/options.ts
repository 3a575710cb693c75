/** An option of the command line, as argparse knows them: `-k KEY`, `-kKEY`, `--service-key KEY`, `--service-key=KEY`. */
export interface Option {
  readonly name: string;
  readonly short: string;
  /** Long names; the first is the one that messages show. */
  readonly long: readonly [string, ...string[]];
  /** What the value is called in the usage; none: the option is a switch. */
  readonly value?: string;
  readonly choices?: readonly string[];
  readonly required?: boolean;
  readonly help: string;
}

export const OPTIONS = [
  { name: 'help', short: '-h', long: ['--help'], help: 'show this help and exit' },
  {
    name: 'key',
    short: '-k',
    long: ['--service-key', '--routing-key'],
    value: 'KEY',
    required: true,
    help: 'integration key of the PagerDuty service, or routing key of an orchestration: 32 characters',
  },
  {
    name: 'type',
    short: '-t',
    long: ['--event-type'],
    choices: ['trigger', 'acknowledge', 'resolve'],
    value: '{trigger,acknowledge,resolve}',
    required: true,
    help: 'what to do with the alert',
  },
  {
    name: 'description',
    short: '-d',
    long: ['--description'],
    value: 'TEXT',
    help: 'one line that says what is wrong (required for trigger; cut after 1024 characters)',
  },
  {
    name: 'incidentKey',
    short: '-i',
    long: ['--incident-key'],
    value: 'KEY',
    help: 'names the alert, so that later events find it (required for acknowledge and resolve; trigger: made where not given)',
  },
  {
    name: 'severity',
    short: '-s',
    long: ['--severity'],
    choices: ['critical', 'error', 'warning', 'info'],
    value: '{critical,error,warning,info}',
    help: 'how bad it is (default: critical)',
  },
  {
    name: 'source',
    short: '-o',
    long: ['--source'],
    value: 'NAME',
    help: 'the host or thing that is affected (default: PDaltagent)',
  },
  {
    name: 'component',
    short: '-m',
    long: ['--component'],
    value: 'NAME',
    help: 'the part of the source that is affected',
  },
  { name: 'group', short: '-g', long: ['--group'], value: 'NAME', help: 'the group that the source belongs to' },
  {
    name: 'class',
    short: '-l',
    long: ['--class'],
    value: 'NAME',
    help: 'the kind of event, as "disk" or "ping failure"',
  },
  { name: 'client', short: '-c', long: ['--client'], value: 'NAME', help: 'the monitoring tool that sends this' },
  { name: 'clientUrl', short: '-u', long: ['--client-url'], value: 'URL', help: 'where that tool shows the alert' },
  {
    name: 'field',
    short: '-f',
    long: ['--field'],
    value: 'KEY=VALUE',
    help: 'a detail for the responder; may be given several times',
  },
  { name: 'quiet', short: '-q', long: ['--quiet'], help: 'print nothing on success' },
] as const satisfies readonly Option[];

export type OptionName = (typeof OPTIONS)[number]['name'];
