import { type Command } from '../command';
import { HELP, KEY_HELP, VERSION } from '../option';
import { compose } from './compose';

export type PdSensuOption = 'key' | 'incidentKey';

/** pd-sensu: a Sensu check result on standard input, with the options of PagerDuty Agent's pd-sensu. */
export const pdSensu: Command<PdSensuOption> = {
  name: 'pd-sensu',
  description: `Sends a Sensu check result (JSON on standard input) to PagerDuty, or to the
PDaltagent gateway named by PDSEND_EVENTS_BASE_URL.
`,
  options: [
    HELP,
    VERSION,
    {
      name: 'key',
      short: '-k',
      long: ['--integration-key', '--routing-key'],
      value: 'KEY',
      required: true,
      isInEnvironment: true,
      help: KEY_HELP,
    },
    {
      name: 'incidentKey',
      short: '-i',
      long: ['--incident-key'],
      value: 'KEY',
      help: 'identifies the alert (default: CLIENT/CHECK, otherwise the id of the result; Sensu Go: ENTITY/CHECK)',
    },
  ],
  epilog: `Sensu Core: the action "resolve" resolves the alert, any other triggers it. Sensu
Go: a check with status 0 resolves the alert, any other triggers it. The severity is
set by the status of the check: 0 info, 1 warning, 2 critical, others error.

examples, as a handler in Sensu Core and in Sensu Go:
  {"handlers": {"pagerduty": {"type": "pipe", "command": "pd-sensu -k KEY"}}}
  sensuctl handler create pagerduty --type pipe --command "pd-sensu -k KEY"

Prints nothing if the event was accepted.
`,
  compose,
  successOutput: () => '',
};
