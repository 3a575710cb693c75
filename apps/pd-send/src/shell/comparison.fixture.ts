import { chmod, symlink, writeFile } from 'node:fs/promises';
import http from 'node:http';
import path from 'node:path';
import {
  respondWith,
  buildCommand,
  buildShellCommand,
  close,
  listenOn,
  runProgram,
  SUCCESS,
  type Reply,
  type Result,
  type SeenRequest,
} from '../commands.fixture';

const KEY = '01234567890123456789012345678901';

/** A command line, and the server's responses. */
export interface Comparison {
  readonly title: string;
  readonly words: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Default: 202. */
  readonly responses?: readonly Reply[];
}

const sends = (title: string, ...words: string[]): Comparison => ({ title, words: ['-k', KEY, ...words] });
const triggers = (title: string, ...words: string[]): Comparison =>
  sends(title, '-t', 'trigger', '-d', 'Disk full', ...words);
const describes = (title: string, text: string): Comparison => sends(title, '-t', 'trigger', '-i', 'a', '-d', text);
const asks = (title: string, ...words: string[]): Comparison => ({ title, words });
const respondedWith = (title: string, ...responses: Reply[]): Comparison => ({
  ...triggers(title, '-i', 'a'),
  responses,
});
const within = (title: string, environment: Record<string, string>): Comparison => ({
  ...triggers(title, '-i', 'a'),
  environment,
});

const everyAsciiCharacter = String.fromCharCode(...Array.from({ length: 127 }, (_, index) => index + 1));
const everyTwoByteCharacter = String.fromCharCode(...Array.from({ length: 0x780 }, (_, index) => index + 0x80));
const TRIGGER = ['-k', KEY, '-t', 'trigger'];

/** Cases in which pd-send and pd-send.sh must behave alike. */
export const COMPARISONS: readonly Comparison[] = [
  triggers('a trigger without a key'),
  triggers(
    'every option',
    ...['-i', 'db1/disk', '-s', 'warning', '-o', 'db1', '-m', 'disk', '-g', 'databases', '-l', 'capacity'],
    ...['-c', 'cron', '-u', 'https://cron/?a=1&b=2', '-f', 'a=1=2', '-f', 'b=', '-f', 'c=3'],
  ),
  triggers('long names', '--incident-key=a', '--source', 'db1', '--comp=c', '--field=x=y', '--field', '=no name'),
  triggers('fields of one name', '-f', 'b=1', '-f', 'a=1', '-f', 'b=2', '-f', 'c=3', '-f', 'a=\n"', '-i', 'a'),
  triggers('empty values', '-i', '', '-o', '', '-m', '', '-c', '', '-f', '='),
  triggers('the last of several values', '-i', 'a', '-i', 'b', '-s', 'info', '-s', 'error'),
  triggers('fields with names of object members', '-i', 'a', '-f', '__proto__=x', '-f', 'constructor=y'),
  triggers('--quiet', '-q', '-i', 'a'),
  sends('an acknowledge', '-t', 'acknowledge', '-i', 'a'),
  sends('a resolve with a description', '-t', 'resolve', '-i', 'a', '-d', 'fixed', '-f', 'by=me', '-c', 'cron'),
  asks('attached values', `-qk${KEY}`, '-ttrigger', '-i=a', '-d--- Disk ---', '-fa=b=c'),
  asks('values that begin with a dash', ...TRIGGER, '-i', '-5', '-d', '-zebra', '-o', '-'),
  describes(
    'quotes, backslashes, line ends',
    'a "quoted" \\ text\\\\ \\n \'x\'\nof two lines\r\n\tand $(id) `id` $HOME %s %%\n\n',
  ),
  describes('every ASCII character', everyAsciiCharacter),
  describes('every character of two bytes', everyTwoByteCharacter.slice(0, 1000)),
  triggers('more characters of two bytes', '-i', 'a', '-f', `all=${everyTwoByteCharacter}`),
  describes('scripts and symbols', 'Grüße, 日本語, العربية, हिन्दी, 🔥💣👩‍👩‍👧, \u2028\u2029\ufeff\uffff'),
  describes('a long description', `"${'x'.repeat(5000)}`),
  describes('a long description of wide characters', 'a🔥"'.repeat(700)),
  describes('a description of the maximum length', 'é'.repeat(1024)),
  triggers('a long field', '-i', 'a', '-f', `log=${'line with "quotes" 日本\n'.repeat(400)}`),
  asks('no arguments'),
  asks('help', '-h', '-x'),
  asks('help with other options', ...TRIGGER, '--help'),
  asks('the version', '--version'),
  asks('the version with other options', ...TRIGGER, '-qV'),
  asks('no key', '-t', 'trigger', '-d', 'd'),
  asks('an empty key', '-k', '', '-t', 'trigger', '-d', 'd'),
  asks('an invalid type', '-k', KEY, '-t', 'x'),
  asks('an invalid severity', ...TRIGGER, '-s', "it's"),
  asks('an option without its value', ...TRIGGER, '-d'),
  asks('an option instead of a value', ...TRIGGER, '-d', '-q'),
  asks('a long option instead of a value', ...TRIGGER, '--client', '--quiet'),
  asks('an ambiguous option', ...TRIGGER, '--cl', 'x'),
  asks('an ambiguous option instead of a value', ...TRIGGER, '-d', '--cl'),
  asks('unrecognized arguments', ...TRIGGER, '--nope', 'x', '', 'y'),
  asks('arguments after two dashes', ...TRIGGER, '--', '-q', '-d'),
  asks('a value for a switch', ...TRIGGER, '--quiet=yes'),
  asks('letters after a switch', ...TRIGGER, '-qx'),
  asks('no description', ...TRIGGER, '-d', ' \t'),
  asks('no incident key', '-k', KEY, '-t', 'resolve'),
  asks('a field without a value', ...TRIGGER, '-d', 'd', '-f', 'a=1', '-f', 'novalue', '-f', 'no arguments'),
  asks('a field without a value and no description', ...TRIGGER, '-f', 'novalue'),
  respondedWith('PagerDuty’s errors', [
    400,
    { status: 'invalid event', message: 'Event object is invalid', errors: ['one "1"', "'two'"] },
  ]),
  respondedWith('a message alone', [403, { message: 'No' }]),
  respondedWith('a page of a proxy', [200, '<html>\n\t Please   log in</html>\n']),
  respondedWith('a page of a firewall', [403, '\r\n\t <!doctype html><p>No</p>']),
  respondedWith('a page of a proxy with 202', [202, '<html>Please log in</html>']),
  respondedWith('an empty answer with 202', [202, '']),
  respondedWith('another JSON object with 202', [202, { status: 'queued', message: 'No' }]),
  respondedWith('a response with spaces', [202, '{ "status": "success" }']),
  respondedWith('a body that looks like a response', [404, 'HTTP/1.1 202 Accepted\r\n\r\n{}']),
  respondedWith('an empty answer', [404, '']),
  respondedWith('a long answer', [404, 'x'.repeat(2000)]),
  respondedWith('a redirection', [302, '', { location: 'http://127.0.0.1:1/' }]),
  respondedWith(
    'a busy server, then a free one',
    [503, 'busy'],
    [429, { status: 'throttle exceeded' }],
    [202, SUCCESS],
  ),
  respondedWith('a server that sends Retry-After', [408, ''], [500, '', { 'Retry-After': '1' }], [202, SUCCESS]),
  respondedWith('a server that stays busy', [500, 'oh no']),
  respondedWith('a gateway that requires a token', [401, { message: 'Unauthorized' }]),
  within('a token', { PDSEND_TOKEN: ' a"\\n$(id)`\'#=:~! ' }),
  {
    ...asks('a key from the environment', '-t', 'trigger', '-i', 'a', '-d', 'd'),
    environment: { PDSEND_KEY: ` ${KEY}\n` },
  },
  {
    ...asks('an empty key, and one from the environment', '-k', '', ...TRIGGER.slice(2), '-i', 'a', '-d', 'd'),
    environment: { PDSEND_KEY: KEY },
  },
  within('a key on the command line and another one in the environment', { PDSEND_KEY: 'x', PDSEND_KEY_FILE: '' }),
  {
    ...asks('a missing file with the key', ...TRIGGER.slice(2), '-d', 'd'),
    environment: { PDSEND_KEY_FILE: '/nowhere/key' },
  },
  {
    ...asks('an empty file with the key', ...TRIGGER.slice(2), '-d', 'd'),
    environment: { PDSEND_KEY_FILE: '/dev/null' },
  },
  {
    ...asks('a key and a file with one', ...TRIGGER.slice(2), '-d', 'd'),
    environment: { PDSEND_KEY: 'x', PDSEND_KEY_FILE: '/x' },
  },
  within('a missing file with the token', { PDSEND_TOKEN_FILE: '/nowhere/token' }),
  within('a proxy that a request has set', { HTTP_PROXY: 'http://127.0.0.1:1', REQUEST_METHOD: 'GET' }),
  within('a proxy that a request has set, of another gateway', {
    HTTP_PROXY: 'http://127.0.0.1:1',
    GATEWAY_INTERFACE: 'CGI/1.1',
  }),
  within('an empty token', { PDSEND_TOKEN: ' ' }),
  within('a token with a line feed', { PDSEND_TOKEN: 'hunter\nX-Other: 2' }),
  within('a token that is not ASCII', { PDSEND_TOKEN: 'höhle' }),
  within('an invalid flag', { PDSEND_SKIP_CERT_VERIFY: 'maybe' }),
  within('a flag without effect', { PDSEND_SKIP_CERT_VERIFY: ' Yes ' }),
  within('an address without a scheme', { PDSEND_EVENTS_BASE_URL: 'gateway:8080' }),
  within('an address with another scheme', { PDSEND_EVENTS_BASE_URL: 'ftp://gateway' }),
  within('a missing authority file', { PDSEND_CA_FILE: '/nowhere/ca.pem' }),
  within('an unreachable server', { PDSEND_EVENTS_BASE_URL: 'http://user:secret@127.0.0.1:9/base/?x#y' }),
];

/** pd-send and pd-send.sh. The shell has curl on its PATH, and nothing else that needs to be installed. */
export class Commands {
  private constructor(
    private readonly node: string,
    private readonly shellCommand: string,
    readonly programs: string,
  ) {}

  /** @param tools absolute paths of the programs that pd-send.sh may call */
  static async build(folder: string, tools: readonly string[]): Promise<Commands> {
    for (const tool of tools) await symlink(tool, path.join(folder, path.basename(tool)));
    return new Commands(await buildCommand('pd-send', folder), await buildShellCommand(folder), folder);
  }

  /** The command that starts pd-send. */
  get inNode(): readonly string[] {
    return [process.execPath, this.node];
  }

  /** The command that starts pd-send.sh in a shell. */
  inShell(...shell: readonly string[]): readonly string[] {
    return [...shell, this.shellCommand];
  }

  /** Runs a command and masks what may differ: generated keys, messages of curl and Node, the user agent. */
  async run(program: readonly string[], { words, environment, responses }: Comparison): Promise<CommandRun> {
    const seen: SeenRequest[] = [];
    const server = http.createServer(respondWith(seen, ...(responses ?? [[202, SUCCESS]])));
    const base = `http://127.0.0.1:${await listenOn(server)}`;
    const result = await runProgram([...program, ...words], {
      PATH: this.programs,
      PDSEND_EVENTS_BASE_URL: base,
      ...environment,
    });
    await close(server);
    const made = /"dedup_key":"([0-9a-f]{32})"/.exec(seen[0]?.body ?? '')?.[1];
    const plain = (text: string) => text.replaceAll(base, 'BASE').replaceAll(made ?? base, 'MADE');
    return {
      code: result.code,
      stdout: plain(result.stdout),
      stderr: plain(result.stderr).replace(/(cannot reach \S+: |cannot be read: ).*?( \(4 attempts\))?\n$/, '$1…$2\n'),
      requests: seen.map(({ url, headers, body }) => ({
        url,
        type: headers['content-type'],
        token: headers['x-pdaltagent-token'],
        body: plain(body),
      })),
    };
  }
}

export interface CommandRun extends Result {
  readonly requests: readonly {
    url: string | undefined;
    type: string | undefined;
    token: string | string[] | undefined;
    body: string;
  }[];
}

/** A curl for the PATH that records its arguments and then runs the real one. */
export async function spyOnCurl(folder: string, curl: string): Promise<{ path: string; notes: string }> {
  const notes = path.join(folder, 'curl-arguments');
  const file = path.join(folder, 'curl');
  await writeFile(file, `#!/bin/sh\nprintf '%s\\n' "$@" >>'${notes}'\nexec '${curl}' "$@"\n`);
  await chmod(file, 0o755);
  return { path: folder, notes };
}
