import { type Command } from '../command';
import { HELP, KEY_HELP, VERSION } from '../option';
import { compose } from './compose';

export type PdZabbixOption = 'key' | 'type' | 'body';

/** pd-zabbix: a message from a Zabbix media type "Script", with the arguments of PagerDuty Agent's pd-zabbix. */
export const pdZabbix: Command<PdZabbixOption> = {
  name: 'pd-zabbix',
  description: `Sends a message from Zabbix to PagerDuty, or to the PDaltagent gateway named by
PDSEND_EVENTS_BASE_URL. Zabbix calls it as the script of a media type, with the
parameters {ALERT.SENDTO}, {ALERT.SUBJECT} and {ALERT.MESSAGE}.
`,
  options: [HELP, VERSION],
  positionals: [
    {
      name: 'key',
      value: 'KEY',
      help: KEY_HELP,
    },
    { name: 'type', value: '{trigger,resolve}', choices: ['trigger', 'resolve'], help: 'what to do with the alert' },
    { name: 'body', value: 'BODY', help: 'the message: lines of NAME:VALUE, as below' },
  ],
  epilog: `body:
  name:{EVENT.NAME}            required
  id:{TRIGGER.ID}              required
  status:{TRIGGER.STATUS}      required
  hostname:{HOST.NAME}         required
  ip:{HOST.IP}
  value:{TRIGGER.VALUE}
  event_id:{EVENT.ID}
  severity:{TRIGGER.SEVERITY}  Disaster critical; High error; Average, Warning
                               warning; others info; none critical
  url:{TRIGGER.URL}            shown as the alert's client_url
  incident_key:KEY             identifies the alert (default: ID-HOSTNAME)

A line without a colon continues the previous value. A trigger whose NOTE contains
"Escalation cancelled" resolves the alert.

example:
  pd-zabbix $KEY trigger 'name:Disk is full
  id:13502
  status:PROBLEM
  hostname:db1
  severity:High'

Prints nothing if the event was accepted.
`,
  compose,
  successOutput: () => '',
};
