import { OPTIONS, type Option } from './options';

const WIDTH = 80;
const PREFIX = 'usage: pd-send ';

/** The usage line(s), wrapped as argparse wraps them. */
export function usage(): string {
  const parts = OPTIONS.map((option: Option) => {
    const text = option.value === undefined ? option.short : `${option.short} ${option.value}`;
    return option.required === true ? text : `[${text}]`;
  });
  return `${wrapped(parts, PREFIX, ' '.repeat(PREFIX.length))}\n`;
}

export function help(): string {
  const options = OPTIONS.map((option: Option) => {
    const value = option.value === undefined ? '' : ` ${option.value}`;
    const names = [option.short, ...option.long].map((name) => `${name}${value}`).join(', ');
    return `  ${names}\n${wrapped(option.help.split(' '), ' '.repeat(24), ' '.repeat(24))}`;
  });
  return `${usage()}
Sends an event to PagerDuty, by way of PDaltagent where PDSEND_EVENTS_BASE_URL
names its gateway.

options:
${options.join('\n')}

environment:
  PDSEND_EVENTS_BASE_URL  where to send (default: https://events.pagerduty.com);
                          PDaltagent's gateway as https://gateway.example.com:8443
  PDSEND_CA_FILE          certificates (PEM) to trust besides the well-known ones,
                          as the gateway's self-signed one
  PDSEND_SKIP_CERT_VERIFY true: trust any certificate (default: false)
  HTTPS_PROXY, HTTP_PROXY, NO_PROXY
                          the proxy to go through, and for which hosts not to

examples:
  pd-send -k $KEY -t trigger -i db1/disk -d "Disk is full" -o db1 -f usage=98%
  pd-send -k $KEY -t acknowledge -i db1/disk
  pd-send -k $KEY -t resolve -i db1/disk

Prints "Event processed. Incident Key: KEY" once the event was accepted. Network
errors and answers 429 and 5xx are tried again a few times; the alert's key stays
the same, so that no event becomes two alerts.

exit codes: 0 the event was accepted, 1 it was not, 2 the command line is wrong
`;
}

function wrapped(words: readonly string[], first: string, next: string): string {
  const lines: string[] = [];
  let line = first;
  let isEmpty = true;
  for (const word of words) {
    if (!isEmpty && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = next;
      isEmpty = true;
    }
    line += isEmpty ? word : ` ${word}`;
    isEmpty = false;
  }
  return [...lines, line].join('\n');
}
