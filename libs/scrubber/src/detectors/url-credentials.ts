import { type Detector, RANK, scanWith, type Span, valueSpan } from '../detector';
import { isPlaceholderValue } from '../secret-value';

/** `scheme://user:`, up to the password. The user may be an e-mail address. */
const USER =
  /(?<![a-z\d])([a-z][a-z\d+.-]{1,30}):\/\/[^\s/:@"'<>[\]]{0,128}(?:@[^\s/:@"'<>[\]?#]{1,128})?:(?=[^\s"'<>@])/gi;
/** The rest of the URL; an apostrophe may be part of a word unless the URL is quoted with it. */
const REST = /(?:[^\s"'<>`]|(?<=\w)'(?=\w)){1,1024}/y;
const QUOTED_REST = /[^\s"'<>`]{1,1024}/y;
const HOST_START = /[\w.[-]/;
/** `@` and a complete host, before a path or the end. */
const HOST =
  /^@(?:\[[\da-f:.]{2,45}\]|(?=[\w.-]{0,62}[a-z\d])[a-z\d_][\w.-]{0,252})(?<port>:\d{1,5})?(?=[/?#,;)\]}&]|$)/i;
/** Schemes whose path, a database or virtual host, contains no `@`. */
const DATA_STORE =
  /^(?:postgres(?:ql)?|pgsql|psql|pgx|mysql[x2]?|mariadb|mongodb|rediss?|valkeys?|amqps?|mssql|sqlserver|oracle|clickhouse|cockroachdb|cassandra|couchbase|db2|nats|kafka|mqtts?|stomp|ldaps?|smtps?|imaps?|influxdb|snowflake|vertica|neo4j|bolt|tds|jtds|odbc|etcd|memcached?|elasticsearch)(?:\+[\w.+-]{1,20})?$/i;
/** Schemes whose path often contains `@version`. */
const PACKAGE = /^(?:git|ssh|svn|hg|docker|oci|npm|pkg|pip)(?:\+\w{1,10})?$/i;

/** Go's MySQL driver: `user:password@tcp(host:3306)/name`. */
const GO_DSN = /(?<=(?<![\w/:])[\w.-]{1,64}:)(?<value>[^\s"']{1,256})@(?=(?:tcp[46]?|unix|udp)\()/dg;
/** `jdbc:oracle:thin:user/password@host`. */
const ORACLE = /(?<=jdbc:oracle:\w{1,10}:[\w.$#"]{1,64}\/)(?<value>[^\s"'@]{1,128})@/dg;
/** `https://token@host`: one long part that does not look like a user's name. */
const TOKEN = /(?<=(?<![a-z\d])https?:\/\/)(?<value>[\w.~%+-]{16,512})@(?=[\w.[-])/dgi;

/** The length of the password: up to the last `@` before a host, even if it contains a raw `/`, `?`, `#` or `@`. */
function passwordLength(scheme: string, rest: string): number {
  const authority = rest.search(/[/?#]/);
  const proper = lastAt(rest, authority < 0 ? rest.length : authority);
  if (authority < 0 || PACKAGE.test(scheme)) return proper;
  for (let at = lastAt(rest, rest.length); at > authority; at = lastAt(rest, at - 1))
    if (isAfterPassword(scheme, rest, authority, at, proper >= 0)) return at;
  return proper;
}

/** The last `@` before `end` that a host can follow, or -1. */
function lastAt(rest: string, end: number): number {
  for (let at = rest.lastIndexOf('@', end); at >= 0; at = at === 0 ? -1 : rest.lastIndexOf('@', at - 1))
    if (HOST_START.test(rest.slice(at + 1, at + 2))) return at;
  return -1;
}

/** Whether the `@` at `at`, beyond the first `/`, `?` or `#` at `authority`, follows the password and is not part of a path. */
function isAfterPassword(scheme: string, rest: string, authority: number, at: number, isProper: boolean): boolean {
  const host = HOST.exec(rest.slice(at, at + 262));
  if (host === null) return false;
  const isDataStore = DATA_STORE.test(scheme);
  const hasPort = host.groups?.['port'] !== undefined;
  // Without the rest, the URL is valid: what looks like a query or a path is one.
  if (isProper)
    return (
      !/[?#&][^@]*=/.test(rest.slice(authority, at)) && (hasPort || (isDataStore && rest[at + host[0].length] === '/'))
    );
  const isPort = /^(?:\d{0,5}|port|\$.{0,40}|[{<].{0,40})$/i.test(rest.slice(0, authority));
  if (isPort) return isDataStore && hasPort;
  return hasPort || isDataStore || /[.](?:[a-z]{2,24}|\d{1,3})$|^@localhost$|^@\[/i.test(host[0]);
}

function acceptPassword(match: RegExpExecArray): Span | undefined {
  const start = match.index + match[0].length;
  const pattern = match.input[match.index - 1] === "'" ? QUOTED_REST : REST;
  pattern.lastIndex = start;
  const whole = pattern.exec(match.input)?.[0] ?? '';
  // Stops at another URL or another member.
  const next = whole.search(/:\/\/|[,;|]\w{1,40}[=:](?!\d)/);
  const rest = next < 0 ? whole : whole.slice(0, next);
  const length = passwordLength(match[1] ?? '', rest);
  if (length < 1 || isPlaceholderValue(rest.slice(0, length)) || /^@sha\d{3}:/.test(rest.slice(length, length + 8)))
    return undefined;
  return { start, end: start + length };
}

function acceptToken(match: RegExpExecArray): Span | undefined {
  const value = match.groups?.['value'] ?? '';
  return /\d/.test(value) && /[a-z]/i.test(value) && !/^[a-z]+[.-]?[a-z]+\d{0,4}$/i.test(value)
    ? valueSpan(match)
    : undefined;
}

const known = (match: RegExpExecArray): Span | undefined =>
  isPlaceholderValue(match.groups?.['value'] ?? '') ? undefined : valueSpan(match);
const urls = [scanWith(USER, acceptPassword), scanWith(TOKEN, acceptToken)];
const others = [scanWith(GO_DSN, known), scanWith(ORACLE, known)];

export const urlCredentials: Detector = {
  name: 'url-credentials',
  kind: 'SECRET',
  rank: RANK.secret + 1,
  precise: true,
  patterns: [USER, REST, QUOTED_REST, HOST, TOKEN, GO_DSN, ORACLE],
  needs: (traits) => traits.at && traits.assignment,
  scan: (context) => [
    ...(context.text.includes('://') ? urls.flatMap((scan) => scan(context)) : []),
    ...(/\(|jdbc:/.test(context.text) ? others.flatMap((scan) => scan(context)) : []),
  ],
  examples: {
    matches: [
      { text: 'amqp://app:Tr0ub4dor&4@rabbit:5672/%2f refused', found: 'Tr0ub4dor&4' },
      { text: 'postgres://app:p@ss@db.example.com/x', found: 'p@ss' },
      { text: 'postgres://app:p@@s@s@db.example.com/x', found: 'p@@s@s' },
      { text: 'postgres://app:pa/ss@db:5432/x refused', found: 'pa/ss' },
      { text: 'postgres://app:p@s/s@db:5432/x refused', found: 'p@s/s' },
      { text: 'redis://:pa?ss#1@cache:6379/0', found: 'pa?ss#1' },
      { text: "postgres://app:pa'ss9@db:5432/x", found: "pa'ss9" },
      { text: 'https://ann:pa/ss@proxy.example.com/x', found: 'pa/ss' },
      { text: 'http://ann:pa/ss@proxy:3128', found: 'pa/ss' },
      { text: 'redis://:s3cr3t@cache:6379/0', found: 's3cr3t' },
      { text: 'mysql://ann@srv:s3cr3t@srv.example.com/x', found: 's3cr3t' },
      { text: 'https://5f4dcc3b5aa765d61d83@sentry.example.com/2', found: '5f4dcc3b5aa765d61d83' },
      { text: 'app:s3/cr@t@tcp(db:3306)/x', found: 's3/cr@t' },
      { text: 'jdbc:oracle:thin:scott/tig3r@//db:1521/x', found: 'tig3r' },
      { text: 'amqp://a:s3cr3t@h1,amqp://b:other@h2', found: 'other' },
      { text: 'https://ann:s3cr3t@h/x?to=joe@example.com', found: 's3cr3t' },
    ],
    ignores: [
      'http://host:8080/a@b',
      'http://host:8080/users/joe@example.com',
      'http://[::1]:8080/users/joe@example.com',
      'https://user@example.com/',
      'https://user@example.com:8443/joe@example.com',
      'amqp://guest:***@rabbit',
      'http://a:${PASSWORD}@b/',
      'docker://app:1.2@sha256:0f1e2d3c',
      'git+ssh://host:acme/app@v1.2.3',
      'http://host:{port}/joe@example.com',
    ],
  },
};
