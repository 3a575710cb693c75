import { type Tool, TOOLS } from '../command-options';
import { type Detector, RANK, scanWith, type Span, valueSpan } from '../detector';
import { type ScanContext } from '../scan-context';
import { isPlaceholderValue } from '../secret-value';
import { type ShellWord, shellWord } from '../shell-words';

/** A word that may be a program, before its arguments. */
const WORD = /(?<![\w.-])[a-z\d][\w-]{1,60}(?:\.(?:exe|pl|py|sh))?(?=\\{0,8}["']?\s|\\{0,8}["'],|!-)/gi;
/** Each tool's programs in a capturing group. */
const PROGRAM = new RegExp(
  `^(?:.{0,200}[/\\\\])?(?:${TOOLS.map(({ programs }) => `(${programs})`).join('|')})(?:\\.(?:exe|pl|py|sh))?$`,
  'i',
);
/** The first two letters of every program, to skip most words without the pattern. */
const BEGINNINGS = new Set(TOOLS.flatMap(({ programs }) => programs.split('|').map((program) => program.slice(0, 2))));
const MAX_WORDS = 100;

/** Other arguments of a command. */
const REST = '[^\\r\\n]{0,80}';
/** What precedes secrets that are arguments without an option. */
const ARGUMENTS = [
  `net use ${REST}/user:\\S{1,64} (?!/)`,
  `net use \\S{1,128} (?:\\\\\\\\\\S{1,128} )?(?=[^\\s/*\\\\]\\S{0,128} /user:)`,
  `net user \\S{1,64} (?![/*])`,
  `rabbitmqctl (?:${REST} )?(?:add_user|change_password|authenticate_user) \\S{1,64} `,
  `htpasswd (?:-[a-zA-Z]{0,6}b[a-zA-Z]{0,6} )(?:\\S{1,128} )?\\S{1,64} (?=\\S{1,256}(?:\\s|$))`,
  `mosquitto_passwd -b \\S{1,128} \\S{1,64} `,
  `ipmitool (?:${REST} )?user set password \\d{1,2} `,
  `ipmitool (?:${REST} )?lan set \\d{1,2} (?:password|snmp) `,
  `db2 connect to ${REST} using `,
  `cf auth \\S{1,64} `,
  `wpa_passphrase \\S{1,64} `,
  `(?:dig|nsupdate) (?:${REST} )?-y ["']?(?:hmac-[\\w-]{1,12}:)?[\\w.-]{1,128}:`,
];
const ARGUMENT = new RegExp(`(?<=(?<![\\w-])(?:${ARGUMENTS.join('|')})["']?)(?<value>[^\\s"']{3,256})`, 'dg');
/** Oracle's `sqlplus user/secret@database`. */
const LOGIN =
  /(?<=(?<![\w-])(?:sqlplus|rman|expdp|impdp|exp|imp|sqlldr) (?:[^\r\n]{0,80}[ =])?["']?[\w.$#]{1,64}\/)(?<value>[^\s"'@/]{3,128})(?=@)/dg;
/** `echo secret | sudo -S`: passwords piped to a command. */
const PIPED =
  /(?<=(?<![\w-])(?:echo|printf)(?: -[ne]{1,2})? ["']?)(?<value>[^\s"'|$]{3,128})["']? ?\| ?(?:(?:sudo )?(?:passwd --stdin|kinit|cryptsetup)|sudo -S|[^|\r\n]{1,80}(?:--password-stdin|--passphrase-fd 0|-pass stdin))/dg;

/** `echo user:secret | chpasswd`. */
const CHANGED =
  /(?<=(?<![\w-])(?:echo|printf)(?: -[ne]{1,2})? ["']?[\w.-]{1,64}:)(?<value>[^\s"'|$]{3,128})["']? ?\| ?(?:sudo )?chpasswd/dg;

/** Texts without these are skipped. */
const OPTION = /[\s"',!](?:-[-A-Za-z\d]|\/(?:rp|p(?:ass(?:word)?)?)[\s:])/i;
const ARGUMENT_COMMAND = /net us|rabbitmqctl|passwd|ipmitool|db2 c|cf auth|wpa_p|dig |nsupdate/;
const LOGIN_COMMAND = /sqlplus|rman |exp |imp |dp |sqlldr/;
const PIPE = /(?:echo|printf) .{1,200}\|/;

/** Arguments that are not secret: protocols, and the default community. */
const NO_SECRET = /^(?:public|MD5|SHA(?:-?\d{3})?|3?DES|AES(?:-?\d{3}C?)?|PASSWORD|PASS|ort)$/;

const known = (match: RegExpExecArray): Span | undefined =>
  isPlaceholderValue(match.groups?.['value'] ?? '') ? undefined : valueSpan(match);
const scanArguments = scanWith(ARGUMENT, known);
const scanLogins = scanWith(LOGIN, known);
const scanPipes = [PIPED, CHANGED].map((pattern) => scanWith(pattern, valueSpan));

/** Reads every command of a known program, word by word. */
function scanCommands({ text }: ScanContext): readonly Span[] {
  const spans: Span[] = [];
  WORD.lastIndex = 0;
  for (let match = WORD.exec(text); match !== null; match = WORD.exec(text)) {
    if (!BEGINNINGS.has(match[0].slice(0, 2).toLowerCase())) continue;
    const tool = toolOf(match[0]);
    if (tool !== undefined) WORD.lastIndex = readCommand(text, WORD.lastIndex, tool, spans);
  }
  return spans;
}

/** The tool whose program a word names, with or without its path. */
function toolOf(word: string): Tool | undefined {
  const match = PROGRAM.exec(word);
  return match === null
    ? undefined
    : TOOLS[match.findIndex((group: string | undefined, index) => index > 0 && group !== undefined) - 1];
}

/** Collects the secrets among the arguments from `start` on. Returns where it stopped reading. */
function readCommand(text: string, start: number, called: Tool, spans: Span[]): number {
  let tool = called;
  let position = start + (/^(?:\\{0,8}["']|!)/.exec(text.slice(start, start + 9))?.[0].length ?? 0);
  let quoted = position > start;
  let option = '';
  let isActive = tool.subcommand === undefined;
  for (let count = 0; count < MAX_WORDS; count += 1) {
    const word = shellWord(text, position, quoted);
    if (word === undefined) break;
    const value = text.slice(word.start, word.end);
    // A quoted command: `ssh host "mysql -px"`.
    if (word.quoted && option === '' && value.includes(' ')) return word.start;
    const inner = option === '' || option === '--' ? toolOf(value) : undefined;
    if (inner !== undefined) {
      tool = inner;
      isActive = tool.subcommand === undefined;
    } else if (isActive) {
      const span = secretIn(tool, word, value, option);
      if (span !== undefined && isSecret(text.slice(span.start, span.end))) spans.push(span);
    } else isActive = value === tool.subcommand;
    option = /^[-/]/.test(value) || tool.options?.includes(value) === true ? value : '';
    position = word.next;
    quoted = word.quoted;
    if (word.last) break;
  }
  return position;
}

function isSecret(value: string): boolean {
  return value.length >= 3 && !isPlaceholderValue(value) && !NO_SECRET.test(value);
}

/** The secret in a word: the argument of the previous option, or what follows an option in the same word. */
function secretIn(tool: Tool, word: ShellWord, value: string, option: string): Span | undefined {
  const { letters = [], attached = [], options = [], accounts = [] } = tool;
  if (option !== '' && (word.quoted || !value.startsWith('-'))) {
    if (letters.includes(option) || options.includes(option)) return { start: word.start, end: word.end };
    if (accounts.some((name) => name === option || isCluster(option, name))) return passwordIn(tool, word, value);
  }
  const isLetter = (name: string): boolean => name.length === 2 && value.startsWith(name);
  const isLong = (name: string): boolean =>
    value.startsWith(name) && (value[name.length] === '=' || (value[name.length] === ':' && !name.startsWith('-')));
  const name =
    options.find(isLong) ??
    accounts.find((each) => isLong(each) || isLetter(each)) ??
    letters.find(isLetter) ??
    attached.find((each) => value.startsWith(each));
  if (name === undefined || value.length === name.length) return undefined;
  const start = word.start + name.length + (/^[=:]?\\{0,8}["']?/.exec(value.slice(name.length))?.[0].length ?? 0);
  const argument = { ...word, start };
  return accounts.includes(name)
    ? passwordIn(tool, argument, value.slice(start - word.start))
    : { start, end: word.end };
}

/** Whether an option is a cluster whose last letter takes an argument: `-su`. */
function isCluster(option: string, letter: string): boolean {
  return letter.length === 2 && /^-[A-Za-z]{2,8}$/.test(option) && option.endsWith(letter.slice(1));
}

/** The secret in `user:secret`, which may have quotes of its own. */
function passwordIn({ delimiter = ':' }: Tool, { start, end }: Span, value: string): Span | undefined {
  const index = value.indexOf(delimiter);
  if (index < 0 || /^[A-Z]:\\|^\w+:\/\//i.test(value)) return undefined;
  const quote = /^\\{0,8}["']/.exec(value.slice(index + 1))?.[0].length ?? 0;
  return { start: start + index + 1 + quote, end };
}

export const commandLineSecret: Detector = {
  name: 'command-line-secret',
  kind: 'SECRET',
  rank: RANK.secret + 1,
  precise: true,
  patterns: [WORD, PROGRAM, ARGUMENT, LOGIN, PIPED, CHANGED, OPTION, ARGUMENT_COMMAND, LOGIN_COMMAND, PIPE],
  needs: (traits) => traits.run >= 3,
  scan: (context) => [
    ...(OPTION.test(context.text) ? scanCommands(context) : []),
    ...(ARGUMENT_COMMAND.test(context.text) ? scanArguments(context) : []),
    ...(LOGIN_COMMAND.test(context.text) ? scanLogins(context) : []),
    ...(PIPE.test(context.text) ? scanPipes.flatMap((scan) => scan(context)) : []),
  ],
  examples: {
    matches: [
      { text: 'curl -s -u admin:s3cret https://x/', found: 's3cret' },
      { text: 'curl -sku "admin:s3 cret" https://x/', found: 's3 cret' },
      { text: 'curl --user=admin:"s3 cret" https://x/', found: 's3 cret' },
      { text: 'mysqldump -u root -ps3cret shop', found: 's3cret' },
      { text: 'mysql -u root -p"s3 cret" shop', found: 's3 cret' },
      { text: "sshpass -p 's3cret' ssh root@10.0.0.1", found: 's3cret' },
      { text: 'sh -c \\"sshpass -ps3cret ssh db\\" failed', found: 's3cret' },
      { text: 'docker login -u ci -p s3cret hub', found: 's3cret' },
      { text: 'redis-cli -a s3cret ping', found: 's3cret' },
      { text: 'openssl enc -aes256 -k s3cret', found: 's3cret' },
      { text: 'openssl rsa -passin pass:s3cret -in k.pem', found: 's3cret' },
      { text: 'net use X: \\\\files\\share /user:ann s3cret', found: 's3cret' },
      { text: 'echo s3cret | sudo -S reboot', found: 's3cret' },
      { text: 'echo "root:s3cret" | chpasswd', found: 's3cret' },
      { text: '/usr/bin/ipmitool -I lanplus -H 10.0.0.1 -U op -P s3cret sdr', found: 's3cret' },
      { text: "['ipmitool', '-H', '10.0.0.1', '-P', 's3cret', 'sdr']", found: 's3cret' },
      { text: 'ipmitool user set password 2 s3cret', found: 's3cret' },
      { text: 'ipmi-sensors -h 10.0.0.1 -u op -p s3cret', found: 's3cret' },
      { text: 'snmpwalk -v2c -c s3cret 10.0.0.1 ifTable', found: 's3cret' },
      { text: 'snmpget -v3 -u m -l authPriv -a SHA -A s3cret -x AES -X pr1vate 10.0.0.1', found: 'pr1vate' },
      { text: 'check_snmp -H 10.0.0.1 -C s3cret -o 1.3.6', found: 's3cret' },
      { text: 'check_mysql -H db -u mysql -p s3cret', found: 's3cret' },
      { text: 'sqlcmd -S db -U sa -P "s3 cret" -Q x', found: 's3 cret' },
      { text: 'ldapsearch -x -D cn=admin -w s3cret -b dc=x', found: 's3cret' },
      { text: 'keytool -list -keystore k.jks -storepass s3cret', found: 's3cret' },
      { text: "smbclient -U 'ann%s3cret' //files/share", found: 's3cret' },
      { text: 'sqlplus scott/s3cret@orcl', found: 's3cret' },
    ],
    ignores: [
      'mysql -u root -p shop',
      'echo done | tee log',
      'curl -u admin https://x/',
      'curl -s http://host:8080/ failed',
      'net use X: /delete',
      'ipmitool -P $IPMI_PASSWORD sdr',
      'ipmitool -P *** sdr',
      'snmpwalk -v2c -c public 10.0.0.1',
      'check_http -H web -p 8080',
      'docker run -p 8080:80 web',
      'ldapsearch -x -s sub -b dc=x',
      'redis-cli -p 6379 ping',
      'unzip -p archive.zip',
      'keytool -list -storepass:env PASS',
    ],
  },
};
