import { type Detector, RANK, type Span } from '../detector';
import { type ScanContext } from '../scan-context';
import { valueOf } from '../secret-end';
import { isPlaceholderValue, looksGenerated } from '../secret-value';

/** Names of secrets, or the ends of such names (`db_password`, `slackToken`). */
const NAMES = [
  'pass(?:word|wd|phrase|code)|passwort|kennwort|contraseña|mot de passe|wachtwoord|senha|hasło|lösenord|pwd|(?<![a-z])(?:pass|pw|psk)|requirepass|masterauth',
  '(?:auth|priv|db|store|key|user|admin|root|ldap|bind|smtp|proxy|ftp|http|ssh|sudo)pass(?![a-z])|rediscli_auth',
  'secret(?:[ _-]?(?:access[ _-]?)?key(?:[ _-]?base)?)?|token|credentials?',
  '(?:api|auth|access|account|storage|private|encryption|master|signing|license|subscription)[ _-]?key',
  '(?:integration|routing|service|ingest(?:ion)?|write|sas)[ _-]?key',
  '(?<=["\'])auth(?=\\\\{0,2}["\'])|jsessionid|phpsessid|connect\\.sid|(?<![a-z])sig|community[ _]string|snmp[ _-]?community|(?<=--)community',
].join('|');
const OPEN_QUOTE = '(?:\\\\{0,8}["\'`“‘„«])?';
const CLOSE_QUOTE = '(?:\\\\{0,8}["\'`])?';
/** `is`, `was set to`, `for ann is`. */
const WHOSE = '(?: (?:for|of)(?: [\\w.@-]{1,40}){1,2})?';
const IS = ' (?:is|was|will be|ist|lautet|est|es|(?:is |was |has been )?(?:(?:re)?set|changed) to)(?: now)?';
/** What separates name and value, with closing and opening quotes, possibly escaped. */
const SEPARATORS = [
  // <password>value</password>
  '>(?=[^<>\\s]{1,200}</)',
  // password=value, "password": "value", password => value, password is: value, password for ann: value
  `${CLOSE_QUOTE}${WHOSE}(?:${IS})? {0,2}(?::=|=>|[:=]) {0,3}${OPEN_QUOTE}`,
  // password is value1
  `${WHOSE}${IS} ${OPEN_QUOTE}(?=\\S{0,40}\\d)`,
  `${WHOSE}${IS} ["'\`](?=[^"'\`\\n]{3,64}["'\`])`,
  // --password value; ["--password", "value"]
  `(?<=--[\\w-]{1,40}) ${OPEN_QUOTE}|(?<=--[\\w-]{1,40})\\\\{0,8}["'], {0,2}\\\\{0,8}["']`,
  '(?<=pass(?:word|wd|phrase)) ["\'](?=[^"\'\\n]{3,64}["\'])',
  '(?<=pass(?:word|phrase)|passwort) (?=[^\\s\\d]{2,30}\\d)(?=[\\w!@#$%^&*?.+-]{6,40}(?:\\s|$))',
  '(?<=requirepass|masterauth|community[ _]string) (?=\\S)',
  '(?<=(?:api|access|auth|secret|private|signing)[ _-]?key|(?:api|access|auth)[ _-]?token) (?=[\\w+/=-]{20,200}(?![\\w+/=-]))',
].join('|');
const ASSIGNMENT = new RegExp(`(?:${NAMES})\\d{0,2}(?<separator>${SEPARATORS})`, 'gi');
/** Stems of the names. Texts without any of them are skipped. */
const STEM =
  /auth|pass|pwd|pw[:=]|psk|secret|token|key|credential|contrase|wachtw|senha|has[lł]o|l[oö]sen|kennw|session|sess|sid|sig|community/i;
const STRONG_NAME =
  /(?:password|passwd|passphrase|passcode|passwort|kennwort|contraseña|mot de passe|wachtwoord|senha|hasło|lösenord|requirepass|masterauth|rediscli_auth|pwd|pass|pw|psk|secret|(?<![ _-])community)[ _-]?$/;
/** Words before a name that change its meaning: page token, unexpected token, public key. */
const OTHER_NAME =
  /(?<![a-z])(?:next|page|continuation|cursor|cancellation|unexpected|syntax|invalid|sync|resume|max|min|num|pagination|change|delta|public|partition|sort|primary|foreign|cache|object|idempotency|ssh host)[ .]?$/;

/** Whether a name is an option or a setting, whose value follows after a space. */
function isOption(name: string, before: string): boolean {
  return /--[\w-]{0,40}$/.test(before) || !/^(?:password|passphrase|passwort)$/.test(name);
}

/** Whether a value has letters of both cases and digits, unlike words and ticket numbers. */
function isMixed(value: string): boolean {
  return /[a-z]/.test(value) && /[A-Z]/.test(value) && /\d/.test(value);
}

/** Whether the name denotes a secret and the value looks like one. */
function isSecret(name: string, separator: string, value: string, context: ScanContext, span: Span): boolean {
  if (value === '' || isPlaceholderValue(value) || (name === 'community' && value === 'public')) return false;
  // The age or length of a password.
  if (
    /^ /.test(separator) &&
    /^\d+$/.test(value) &&
    /^ (?:days?|hours?|minutes?|characters?|months?|weeks?)\b/.test(context.after(span.end))
  )
    return false;
  if (/^[A-Za-z_][\w.:]*$/.test(value) && context.text[span.end] === '(') return false;
  const nameStart = span.start - separator.length - name.length;
  if (
    separator === ' ' &&
    !isOption(name, context.text.slice(Math.max(0, nameStart - 42), nameStart)) &&
    !isMixed(value)
  )
    return false;
  if (!STRONG_NAME.test(name)) {
    if (!looksGenerated(value) || /^\d{1,9}$/.test(value)) return false;
  } else {
    if (
      /^\/\w*$/.test(value) ||
      (/(?<![a-z])pwd$/.test(name) && /^\/[\w./-]{1,200}$/.test(value)) ||
      (/^\d{1,4}$/.test(value) && /pass$/.test(name))
    )
      return false;
    const isConclusive = /^["'`\\]*\s*=>?\s*$|["'`“‘„«>]$/.test(separator) || isUnambiguous(value, context, span.end);
    if (!isConclusive) return false;
  }
  if (isInArn(context.text, span.start)) return false;
  return !OTHER_NAME.test(context.wordsBefore(nameStart, 24));
}

/** Whether a value is part of an ARN: `secret=arn:aws:secretsmanager:…:secret:db`. */
function isInArn(text: string, start: number): boolean {
  const before = text.slice(Math.max(0, start - 144), start);
  return before.includes('arn:') && /(?:^|[\s"'=(,])arn:\S{0,128}$/.test(before);
}

/** After `password: `, a plain word or object name may be prose, unless it ends the line. */
function isUnambiguous(value: string, context: ScanContext, end: number): boolean {
  return !/^(?:[A-Za-z]+|[a-z]+(?:-[a-z]+)+)$/.test(value) || /^(?:$|[\n\r,;"'})\]\\])/.test(context.after(end, 1));
}

function scan(context: ScanContext): readonly Span[] {
  const { text } = context;
  if (!STEM.test(text)) return [];
  const spans: Span[] = [];
  ASSIGNMENT.lastIndex = 0;
  for (let match = ASSIGNMENT.exec(text); match !== null; match = ASSIGNMENT.exec(text)) {
    const separator = match.groups?.['separator'] ?? '';
    const name = match[0].slice(0, match[0].length - separator.length);
    const start = match.index + match[0].length;
    const span = valueOf({ text, nameStart: match.index, separator, start });
    const secret = isSecret(name.toLowerCase(), separator, text.slice(start, span.end), context, span);
    if (secret) spans.push(span);
    ASSIGNMENT.lastIndex = secret ? span.end : start;
  }
  return spans;
}

export const assignedSecret: Detector = {
  name: 'assigned-secret',
  kind: 'SECRET',
  rank: RANK.secret,
  precise: true,
  patterns: [ASSIGNMENT, STRONG_NAME, OTHER_NAME, STEM],
  needs: (traits) => traits.assignment || traits.space || traits.slash,
  scan,
  examples: {
    matches: [
      { text: 'login admin password=hunter3! rejected', found: 'hunter3!' },
      { text: '{"password":"correct horse","x":1}', found: 'correct horse' },
      { text: '{\\"token\\":\\"a1b2c3d4e5\\"}', found: 'a1b2c3d4e5' },
      { text: 'user: root password: toor', found: 'toor' },
      {
        text: 'aws_secret_access_key = abcdEFGH0123/bcdEFGH0123+bcdEFGH0123abcd',
        found: 'abcdEFGH0123/bcdEFGH0123+bcdEFGH0123abcd',
      },
      { text: 'Server=db;Uid=sa;Pwd=Str0ng;', found: 'Str0ng' },
      { text: 'run --password s3cret --host x', found: 's3cret' },
      { text: '<password>s3cret</password>', found: 's3cret' },
      { text: 'mot de passe : S0leil', found: 'S0leil' },
      { text: 'api key 8f14e45fceea167a5a36dedd4bea2543 over quota', found: '8f14e45fceea167a5a36dedd4bea2543' },
      { text: 'gpg passphrase Corr3ctH0rse rejected', found: 'Corr3ctH0rse' },
      { text: 'wifi psk=guest-Wifi-22', found: 'guest-Wifi-22' },
      { text: 'x-api-key: 9f8e7d6c5b4a', found: '9f8e7d6c5b4a' },
      { text: 'Driver={ODBC 17};pwd={Pass;12!};uid=sa', found: '{Pass;12!}' },
      { text: 'Driver={ODBC 17};PWD={a}}b;c};', found: '{a}}b;c}' },
      { text: 'Uid=sa;Pwd=My (new) <pass>, word;Database=x', found: 'My (new) <pass>, word' },
      { text: "'dbname=geo password=Azure\\ D1amond port=5999'", found: 'Azure\\ D1amond' },
      { text: "password='it\\'s here' port=1", found: "it\\'s here" },
      { text: "password='it''s here' port=1", found: "it''s here" },
      { text: 'password=Pa&s(1)x[2] host=db', found: 'Pa&s(1)x[2]' },
      { text: 'login(user=ann, password=Pa55)', found: 'Pa55' },
      { text: '?user=ann&password=Pa55&debug', found: 'Pa55' },
      { text: 'Password is: is7734 (temporary, sw1)', found: 'is7734' },
      { text: 'password for ann is: Pa55', found: 'Pa55' },
      { text: 'password was changed to Pa55', found: 'Pa55' },
      { text: 'Passwort lautet Geh3im', found: 'Geh3im' },
      { text: 'new password: `Pa55 w0rd`', found: 'Pa55 w0rd' },
      { text: '["--password", "s3 cret"]', found: 's3 cret' },
      { text: 'plugin --authpass=s3cret --community mon1tor', found: 'mon1tor' },
      { text: '{\\\\\\"password\\\\\\":\\\\\\"s3 cret\\\\\\"}', found: 's3 cret' },
      { text: 'password: $2b$12$R9h/cIPz0gi', found: '$2b$12$R9h/cIPz0gi' },
    ],
    ignores: [
      'password: expired for 3 users',
      'wrong password: account locked',
      'token=expired',
      'unexpected token: else',
      'next_token=abc123def456',
      'password=${DB_PASSWORD}',
      '{"password":"***"}',
      'PWD=/var/lib',
      'secret: not mounted',
      'compass=north',
      'token: 42',
      'password Policy failed',
      'password OPS-4412 reset',
      'token = readToken() is null',
      'password is 90 days old',
      'password is: not set',
      'password for 3 users is: expired',
      'pwd={0};uid={1}',
      'check --community public',
    ],
  },
};
