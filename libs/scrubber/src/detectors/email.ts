import topLevelDomains from 'tlds';
import { type Detector, matchesAt, RANK, type Span } from '../detector';

const LOCAL_CHARACTER = /[\p{L}\p{N}\p{M}._+~&-]/u;
const ASCII_LOCAL = Uint8Array.from({ length: 128 }, (_, code) =>
  Number(LOCAL_CHARACTER.test(String.fromCharCode(code))),
);
/** Labels of up to 63 characters; the last is a top-level domain in letters or punycode. */
const DOMAIN =
  /(?:[\p{L}\p{N}_][\p{L}\p{N}\p{M}_-]{0,62}\.){1,8}(?:[A-Za-z]{2,24}(?=[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Hang}])|(?:xn--[a-z\d-]{2,59}|[\p{L}\p{M}]{2,24})(?![\p{L}\p{N}_]))/uy;
const ADDRESS_LITERAL = /\[(?:IPv6:)?[\da-fA-F.:]{3,45}\]/y;

/** Reserved names (RFC 2606) and names of private networks. */
const PRIVATE_DOMAINS = [
  'example',
  'test',
  'invalid',
  'localhost',
  'local',
  'localdomain',
  'internal',
  'intranet',
  'corp',
  'lan',
  'home',
];
/** systemd unit types that are also top-level domains: `getty@tty1.target` is not a mailbox. */
const UNIT_TYPES = ['target', 'service', 'socket', 'timer', 'mount', 'slice', 'scope'];
const KNOWN_ENDINGS = new Set([...topLevelDomains, ...PRIVATE_DOMAINS].filter((name) => !UNIT_TYPES.includes(name)));

/** Local parts in names of cluster nodes and repositories. */
const NOT_A_MAILBOX =
  /^(?:git|hg|svn|rabbit|rabbitmq|celery|celeryd|ejabberd|emqx|vernemq|couchdb|riak|erlang|nonode|this|worker\d{0,9})$/i;
const REMOTE_SHELL = /(?<=\b(?:ssh|scp|sftp|rsync|mosh|autossh)\s{1,3}(?:-\w{1,2}\s(?:\w{1,12}\s)?)?)/iy;
/** The user part of a URL: `scheme://user@host`. */
const URL_USER = /(?<=:\/\/[^\s/?#@"]{0,97})/y;
/** A telephone number at a PBX: `sip:+4420…@pbx`. */
const SIP_NUMBER = /(?<=sips?:)\+\d{7,15}@/iy;
/** The path after a host of scp. */
const REMOTE_PATH = /:[/~]/y;
const NUMBERED = /^(?:[\d.]|v\d)[\d.-]{0,253}\.(?!com|net|org|cn)[^.]{1,63}$/;
const CLUSTER_NAME = /\.(?:svc|pod|cluster)\.|\.cluster\.local$/;

/** Start of the local part: up to 64 characters (RFC 5321), or at the opening quote. */
function localStart(text: string, at: number): number {
  const limit = Math.max(0, at - 64);
  if (text[at - 1] === '"') {
    const quote = text.lastIndexOf('"', at - 2);
    return quote >= limit && at - quote > 2 && !/[\r\n]/.test(text.slice(quote, at)) ? quote : at;
  }
  let start = at;
  while (start > limit && isLocal(text, start - 1)) start -= 1;
  while (start < at && (text[start] === '.' || text[start] === '-')) start += 1;
  return start;
}

function isLocal(text: string, index: number): boolean {
  const code = text.charCodeAt(index);
  if (code < 128 && code !== 0x27) return ASCII_LOCAL[code] === 1;
  if ((code & 0xfc00) === 0xdc00 || (code & 0xfc00) === 0xd800)
    return LOCAL_CHARACTER.test(
      text.slice(index - ((code & 0xfc00) === 0xdc00 ? 1 : 0), index + ((code & 0xfc00) === 0xd800 ? 2 : 1)),
    );
  const character = text[index] ?? '';
  if (character !== "'") return LOCAL_CHARACTER.test(character);
  return /\p{L}/u.test(text[index - 1] ?? '') && /\p{L}/u.test(text[index + 1] ?? '');
}

function isMailDomain(domain: string): boolean {
  const ending = domain.slice(domain.lastIndexOf('.') + 1);
  const lower = ending.toLowerCase();
  const oneCase = ending === lower || ending === ending.toUpperCase() || ending.slice(1) === lower.slice(1);
  if (!oneCase || NUMBERED.test(domain) || CLUSTER_NAME.test(domain)) return false;
  return KNOWN_ENDINGS.has(lower) || lower.startsWith('xn--');
}

function mailboxAt(text: string, at: number): Span | undefined {
  const start = localStart(text, at);
  if (start === at) return undefined;
  const end = domainEnd(text, at + 1);
  if (end === undefined) return undefined;
  if (NOT_A_MAILBOX.test(text.slice(start, at))) return undefined;
  if (
    matchesAt(SIP_NUMBER, text, start) ||
    matchesAt(URL_USER, text, start) ||
    matchesAt(REMOTE_SHELL, text, start) ||
    matchesAt(REMOTE_PATH, text, end)
  )
    return undefined;
  return { start, end };
}

/** The end of the domain or IP address after the `@`. */
function domainEnd(text: string, start: number): number | undefined {
  if (matchesAt(ADDRESS_LITERAL, text, start)) return ADDRESS_LITERAL.lastIndex;
  return matchesAt(DOMAIN, text, start) && isMailDomain(text.slice(start, DOMAIN.lastIndex))
    ? DOMAIN.lastIndex
    : undefined;
}

export const email: Detector = {
  name: 'email',
  kind: 'EMAIL_ADDRESS',
  rank: RANK.email,
  precise: true,
  patterns: [
    DOMAIN,
    ADDRESS_LITERAL,
    LOCAL_CHARACTER,
    REMOTE_SHELL,
    REMOTE_PATH,
    URL_USER,
    SIP_NUMBER,
    NUMBERED,
    CLUSTER_NAME,
    NOT_A_MAILBOX,
  ],
  needs: (traits) => traits.at,
  scan: (context) => {
    const spans: Span[] = [];
    for (let at = context.text.indexOf('@'); at >= 0; at = context.text.indexOf('@', at + 1)) {
      const span = mailboxAt(context.text, at);
      if (span !== undefined) spans.push(span);
    }
    return spans;
  },
  examples: {
    matches: [
      { text: 'mail from Grace.Hopper+navy@mail.example.org.', found: 'Grace.Hopper+navy@mail.example.org' },
      { text: "user='o.neil@example.museum'", found: 'o.neil@example.museum' },
      { text: 'for "grace hopper"@example.com now', found: '"grace hopper"@example.com' },
      { text: 'to 用户@例子.中国', found: '用户@例子.中国' },
      { text: 'aiko@example.co.jpさんへ', found: 'aiko@example.co.jp' },
      { text: 'bounce of root@[192.0.2.7]', found: 'root@[192.0.2.7]' },
      { text: "write to siobhan.o'brien@example.ie", found: "siobhan.o'brien@example.ie" },
    ],
    ignores: [
      'left-pad@1.3.0 and @types/node@20.1.0',
      'openvpn@site.service, getty@tty1.target failed',
      'git@github.com:acme/shop.git is read-only',
      'ssh -p 2222 deploy@bastion.example.com hangs',
      'redis://cache@db.example.com/0',
      'this@MainActivity.onCreate crashed',
      'sip:+442079460958@pbx.example.net is busy',
      'rabbit@node-1.example.net is down',
      'backup@10.0.0.1:/srv and logo@2x.png',
    ],
  },
};
