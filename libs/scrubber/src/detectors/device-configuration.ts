import { type Detector, RANK, scanWith, type Span, valueSpan } from '../detector';
import { type ScanContext } from '../scan-context';
import { isPlaceholderValue } from '../secret-value';

/** The type of the secret that follows: `0`, `5`, `7` and so on. */
const ENCODING = '(?:(?:[0-9]|sha512|encrypted|cipher|simple|irreversible-cipher|ENC) )?';
const DIGEST = '(?:md5|sha\\S{0,4})';

/** Settings whose value is always a secret: Cisco IOS and similar, Junos, Huawei, FortiOS, net-snmp. */
const SURE = [
  `snmp-server community ${ENCODING}`,
  `snmp-server host \\S{1,64} (?:(?:traps|informs) )?(?:version (?:1|2c|3) )?(?:(?:no)?auth |priv )?${ENCODING}`,
  `snmp-server user \\S{1,64} \\S{1,64} (?:remote \\S{1,64} )?v3 ${ENCODING}auth ${DIGEST} `,
  '(?<=v3 [^\\r\\n]{1,120} )priv (?:3?des|aes) ?(?:\\d{3} )?',
  `snmp-agent community (?:read|write) ${ENCODING}`,
  'set snmp (?:v3 )?community ',
  'r[ow]community6? ',
  'com2sec6? (?:-Cn \\S{1,64} )?\\S{1,64} \\S{1,64} ',
  `createUser (?:-e \\S{1,64} )?\\S{1,64} ${DIGEST} `,
  '(?<=createUser [^\\r\\n]{1,120} )(?:DES|AES\\S{0,4}) ',
  'trap2?sink \\S{1,64} |trapcommunity ',
  `(?:tacacs|radius)(?:-server)?(?: server| host)?(?: [\\w.:-]{1,64}){0,6} key ${ENCODING}`,
  `crypto isakmp key ${ENCODING}`,
  `pre-shared-key (?:local |remote |ascii-text |hexadecimal )?${ENCODING}`,
  `neighbor \\S{1,64} password ${ENCODING}`,
  `ip ospf authentication-key ${ENCODING}|ip ospf message-digest-key \\d{1,3} md5 ${ENCODING}`,
  `ntp authentication-key \\d{1,5} ${DIGEST} ${ENCODING}`,
  `ppp (?:chap|pap) (?:password |sent-username \\S{1,64} password )${ENCODING}`,
  `wpa-psk (?:ascii|hex) ${ENCODING}`,
  `key-string ${ENCODING}`,
  `line (?:vty|con|aux)[^\\r\\n]{0,20}(?:\\r?\\n[^\\r\\n]{0,60}){0,3}\\n[ \\t]{0,4}password ${ENCODING}`,
  'set (?:psksecret|passwd|auth-pwd|priv-pwd) (?:ENC )?|set password ENC ',
  '(?:encrypted-password|authentication-key|authentication-password|privacy-password) (?=\\\\{0,3}")',
];
/** Settings that also occur in prose: the value must be encoded or unlike a word, or the line one of a configuration. */
const DOUBTFUL = [
  `enable (?:secret|password) (?:level \\d{1,2} )?${ENCODING}`,
  `username (?!(?:and|or|with|for) )\\S{1,64} (?:privilege \\d{1,2} )?(?:role \\S{1,64} )?(?:secret|password) ${ENCODING}`,
  `local-user \\S{1,64} password ${ENCODING}`,
  '(?:password|secret|key) (?=7 [\\dA-F]{6,128}(?![\\w]))7 |(?:password|secret|key) (?=[5689] \\$)\\d ',
];
const VALUE = '(?<open>\\\\{0,3}["\'])?(?<value>[^\\s"\']{2,256})';
const SURE_SETTING = new RegExp(`(?<!\\w|\\w-)(?:${SURE.join('|')})${VALUE}`, 'dgi');
const DOUBTFUL_SETTING = new RegExp(`(?<!\\w|\\w-)(?:${DOUBTFUL.join('|')})${VALUE}`, 'dgi');

function accept(match: RegExpExecArray): Span | undefined {
  const span = valueSpan(match);
  if (span === undefined) return undefined;
  const value = (match.groups?.['value'] ?? '').replace(/[\\.,:;)\]]{1,3}$/, '');
  if (value.length < 2 || /^public$/i.test(value) || isPlaceholderValue(value)) return undefined;
  return { start: span.start, end: span.start + value.length };
}

function acceptDoubtful(match: RegExpExecArray, context: ScanContext): Span | undefined {
  const span = accept(match);
  if (span === undefined) return undefined;
  const value = context.text.slice(span.start, span.end);
  const plain = /^[A-Za-z]+(?:-[a-z]+)*$/.test(value) && match.groups?.['open'] === undefined;
  if (!plain) return span;
  const before = context.text.slice(Math.max(0, match.index - 12), match.index);
  const isLine =
    /^[ \t]{0,8}(?:$|[\r\n])/.test(context.after(span.end, 9)) &&
    /(?:[#>] ?|[+-]|\n[ \t]{0,4}|command: ?)$/.test(before);
  return isLine ? span : undefined;
}

/** Texts without one of these words are skipped. */
const SURE_WORD =
  /snmp-|set snmp|[ow]community|com2sec|createuser|sink |trapcomm|tacacs|radius|isakmp|pre-shared|neighbor|ospf|ntp auth|ppp |line (?:vty|con|aux)|wpa-psk|key-string|psksecret|set pass|-pwd|encrypted-pass|authentication-|privacy-pass|v3 /i;
const DOUBTFUL_WORD = /enable |username |local-user |(?:password|secret|key) [5-9] /i;

const scanSure = scanWith(SURE_SETTING, accept);
const scanDoubtful = scanWith(DOUBTFUL_SETTING, acceptDoubtful);

export const deviceConfiguration: Detector = {
  name: 'device-configuration',
  kind: 'SECRET',
  rank: RANK.secret + 1,
  precise: true,
  patterns: [SURE_SETTING, DOUBTFUL_SETTING, SURE_WORD, DOUBTFUL_WORD],
  needs: (traits) => traits.space,
  scan: (context) => [
    ...(SURE_WORD.test(context.text) ? scanSure(context) : []),
    ...(DOUBTFUL_WORD.test(context.text) ? scanDoubtful(context) : []),
  ],
  examples: {
    matches: [
      { text: 'enable secret 5 $1$mERr$hx5rVt7rPNoS4wqbXKX7m0', found: '$1$mERr$hx5rVt7rPNoS4wqbXKX7m0' },
      { text: 'rtr1(config)#enable secret c1sco!', found: 'c1sco!' },
      { text: '+enable password cisco\n+line vty 0 4', found: 'cisco' },
      { text: 'username admin privilege 15 secret 9 $9$nhEmQVczB7dqsO', found: '$9$nhEmQVczB7dqsO' },
      { text: ' password 7 0822455D0A16', found: '0822455D0A16' },
      { text: '-snmp-server community s3cr3t RO 10', found: 's3cr3t' },
      { text: 'snmp-server host 10.0.0.1 version 2c s3cr3t', found: 's3cr3t' },
      { text: 'snmp-server user mon grp v3 auth sha authS3c priv aes 128 privS3c', found: 'authS3c' },
      { text: 'snmp-server user mon grp v3 auth sha authS3c priv aes 128 privS3c', found: 'privS3c' },
      { text: 'tacacs-server host 10.0.0.1 key 7 02050D4808', found: '02050D4808' },
      { text: 'rocommunity s3cr3t 10.0.0.0/8', found: 's3cr3t' },
      { text: 'set psksecret ENC abc/def+1', found: 'abc/def+1' },
      { text: 'crypto isakmp key s3cr3t address 0.0.0.0', found: 's3cr3t' },
      { text: 'line vty 0 4\n password c1sco\n login', found: 'c1sco' },
      { text: 'encrypted-password "$6$abc$def"', found: '$6$abc$def' },
    ],
    ignores: [
      'enable secret scanning on the repository',
      'enable secret scanning',
      'the username and password separated',
      'enable password rotation for 41 accounts',
      'snmp-server community public RO',
      'username bob password reset requested',
      'key 7 of 9 rotated',
      'snmp-server community <removed> RO',
    ],
  },
};
