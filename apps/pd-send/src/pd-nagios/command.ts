import { processedMessage, type Command } from '../command';
import { CLIENT, CLIENT_URL, HELP, SERVICE_KEY, VERSION } from '../option';
import { compose } from './compose';

export type PdNagiosOption = 'key' | 'type' | 'notification' | 'incidentKey' | 'field' | 'client' | 'clientUrl';

/** pd-nagios: a notification from Nagios or Icinga, with the options of PagerDuty Agent's pd-nagios. */
export const pdNagios: Command<PdNagiosOption> = {
  name: 'pd-nagios',
  description: `Sends a notification from Nagios or Icinga to PagerDuty, or to the PDaltagent
gateway named by PDSEND_EVENTS_BASE_URL.
`,
  options: [
    HELP,
    VERSION,
    SERVICE_KEY,
    {
      name: 'type',
      short: '-t',
      long: ['--event-type'],
      choices: ['PROBLEM', 'ACKNOWLEDGEMENT', 'RECOVERY'],
      value: '{PROBLEM,ACKNOWLEDGEMENT,RECOVERY}',
      required: true,
      help: "Nagios's $NOTIFICATIONTYPE$: triggers, acknowledges or resolves the alert",
    },
    {
      name: 'notification',
      short: '-n',
      long: ['--notification-type'],
      choices: ['service', 'host'],
      value: '{service,host}',
      required: true,
      help: 'what the notification is about',
    },
    {
      name: 'incidentKey',
      short: '-i',
      long: ['--incident-key'],
      value: 'KEY',
      help: 'identifies the alert (default: built from HOSTNAME and SERVICEDESC)',
    },
    {
      name: 'field',
      short: '-f',
      long: ['--field'],
      value: 'KEY=VALUE',
      help: 'a detail for the responder; can be repeated. Required for a host: HOSTNAME, HOSTSTATE; for a service: HOSTNAME, SERVICEDESC, SERVICESTATE',
    },
    CLIENT,
    CLIENT_URL,
  ],
  epilog: `state to severity:
  CRITICAL, DOWN critical; UNKNOWN, UNREACHABLE error; WARNING warning; OK, UP info

examples:
  pd-nagios -n service -k $KEY -t PROBLEM -f HOSTNAME=db1 -f SERVICEDESC=disk \\
    -f SERVICESTATE=CRITICAL -f SERVICEOUTPUT="98% used"
  pd-nagios -n host -k $KEY -t RECOVERY -f HOSTNAME=db1 -f HOSTSTATE=UP

Prints "Event processed. Incident Key: KEY" if the event was accepted.
`,
  compose,
  successOutput: processedMessage,
};
