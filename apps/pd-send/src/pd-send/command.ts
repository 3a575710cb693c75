import { EVENT_ACTIONS, SEVERITIES } from '@pdaltagent/events';
import { processedMessage, type Command } from '../command';
import { CLIENT, CLIENT_URL, HELP, SERVICE_KEY, VERSION } from '../option';
import { compose } from './compose';

export type PdSendOption =
  | 'key'
  | 'type'
  | 'description'
  | 'incidentKey'
  | 'severity'
  | 'source'
  | 'component'
  | 'group'
  | 'class'
  | 'client'
  | 'clientUrl'
  | 'field'
  | 'quiet';

/** pd-send: an event from its arguments. Has the options of PagerDuty Agent's pd-send, and further ones for fields of events v2. */
export const pdSend: Command<PdSendOption> = {
  name: 'pd-send',
  description: `Sends an event to PagerDuty, or to the PDaltagent gateway named by
PDSEND_EVENTS_BASE_URL.
`,
  options: [
    HELP,
    VERSION,
    SERVICE_KEY,
    {
      name: 'type',
      short: '-t',
      long: ['--event-type'],
      choices: EVENT_ACTIONS,
      value: '{trigger,acknowledge,resolve}',
      required: true,
      help: 'what to do with the alert',
    },
    {
      name: 'description',
      short: '-d',
      long: ['--description'],
      value: 'TEXT',
      help: 'one line that says what is wrong (required for trigger; truncated to 1024 characters)',
    },
    {
      name: 'incidentKey',
      short: '-i',
      long: ['--incident-key'],
      value: 'KEY',
      help: 'identifies the alert in later events (required for acknowledge and resolve; generated for a trigger without one)',
    },
    {
      name: 'severity',
      short: '-s',
      long: ['--severity'],
      choices: SEVERITIES,
      value: '{critical,error,warning,info}',
      help: 'severity of the problem (default: critical)',
    },
    {
      name: 'source',
      short: '-o',
      long: ['--source'],
      value: 'NAME',
      help: 'the affected host or object (default: the name of this host)',
    },
    {
      name: 'component',
      short: '-m',
      long: ['--component'],
      value: 'NAME',
      help: 'the affected part of the source',
    },
    { name: 'group', short: '-g', long: ['--group'], value: 'NAME', help: 'the group that the source belongs to' },
    {
      name: 'class',
      short: '-l',
      long: ['--class'],
      value: 'NAME',
      help: 'the kind of event, for example "disk" or "ping failure"',
    },
    CLIENT,
    CLIENT_URL,
    {
      name: 'field',
      short: '-f',
      long: ['--field'],
      value: 'KEY=VALUE',
      help: 'a detail for the responder; can be repeated',
    },
    { name: 'quiet', short: '-q', long: ['--quiet'], help: 'print nothing on success' },
  ],
  epilog: `examples:
  pd-send -k $KEY -t trigger -i db1/disk -d "Disk is full" -o db1 -f usage=98%
  pd-send -k $KEY -t acknowledge -i db1/disk
  pd-send -k $KEY -t resolve -i db1/disk

Prints "Event processed. Incident Key: KEY" if the event was accepted.
`,
  compose,
  successOutput: (event, given) => (given.has('quiet') ? '' : processedMessage(event)),
};
