import { type Command } from './command';
import { type Option, type Syntax } from './option';

const WIDTH = 80;

/** The usage line(s), wrapped as argparse wraps them. */
export function usage({ name, options, positionals = [] }: Pick<Command, 'name'> & Syntax): string {
  const prefix = `usage: ${name} `;
  const parts = options.map((option) => {
    const text = option.value === undefined ? option.short : `${option.short} ${option.value}`;
    return option.required === true && option.isInEnvironment !== true ? text : `[${text}]`;
  });
  return `${wrap([...parts, ...positionals.map(({ value }) => value)], prefix, ' '.repeat(prefix.length))}\n`;
}

export function help(command: Pick<Command, 'name' | 'description' | 'epilog'> & Syntax): string {
  const { description: about, epilog: details, options, positionals = [] } = command;
  const places = positionals.map(({ value, help: text }) => describe(value, text));
  return `${usage(command)}
${about}
${positionals.length === 0 ? '' : `arguments:\n${places.join('\n')}\n\n`}options:
${options.map((option) => describe(namesOf(option), option.help)).join('\n')}

environment:
  PDSEND_EVENTS_BASE_URL  where to send (default: https://events.pagerduty.com);
                          PDaltagent's gateway: https://gateway.example.com:8443
  PDSEND_KEY              the key, if the command line has none
  PDSEND_TOKEN            a token, if the gateway requires one; never sent to the
                          default address
  PDSEND_KEY_FILE, PDSEND_TOKEN_FILE
                          files that have the key and the token
  PDSEND_CA_FILE          certificates (PEM) to trust, for example the gateway's
                          self-signed one
  PDSEND_SKIP_CERT_VERIFY true: trust any certificate (default: false)
  HTTPS_PROXY, HTTP_PROXY, NO_PROXY
                          the proxy, and the hosts that bypass it; in a CGI
                          script HTTP_PROXY is ignored: a request can set it

${details}
Network errors and statuses 408, 429 and 5xx are retried a few times, with the
same alert key, so that one event never becomes two alerts.

exit codes: 0 the event was accepted, 1 it was not, 2 invalid command line
`;
}

function describe(names: string, text: string): string {
  return `  ${names}\n${wrap(text.split(' '), ' '.repeat(24), ' '.repeat(24))}`;
}

function namesOf({ short, long, value }: Option): string {
  return [short, ...long].map((name) => (value === undefined ? name : `${name} ${value}`)).join(', ');
}

function wrap(words: readonly string[], first: string, next: string): string {
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
