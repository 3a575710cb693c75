import { type Detector, RANK, scanWith, type Span, valueSpan } from '../detector';
import { isPlaceholderValue } from '../secret-value';

/** `scheme://user:password@host`: the password may hold anything but a blank, a slash or a quote. */
const PASSWORD =
  /(?<=(?<![a-z\d])[a-z][a-z\d+.-]{1,30}:\/\/[^\s/:@"'<>]{0,128}:)(?<value>[^\s/"'<>@]{1,512}(?:@[^\s/"'<>@]{1,128}){0,2})@(?=[\w.[-])/dgi;
/** `https://token@host`: one long part that does not look like a user's name. */
const TOKEN = /(?<=(?<![a-z\d])https?:\/\/)(?<value>[\w.~%+-]{16,512})@(?=[\w.[-])/dgi;

function acceptPassword(match: RegExpExecArray): Span | undefined {
  const span = valueSpan(match);
  return span && isPlaceholderValue(match.groups?.['value'] ?? '') ? undefined : span;
}

function acceptToken(match: RegExpExecArray): Span | undefined {
  const value = match.groups?.['value'] ?? '';
  return /\d/.test(value) && /[a-z]/i.test(value) && !/^[a-z]+[.-]?[a-z]+\d{0,4}$/i.test(value)
    ? valueSpan(match)
    : undefined;
}

const scans = [scanWith(PASSWORD, acceptPassword), scanWith(TOKEN, acceptToken)];

export const urlCredentials: Detector = {
  name: 'url-credentials',
  kind: 'SECRET',
  rank: RANK.secret + 1,
  precise: true,
  patterns: [PASSWORD, TOKEN],
  needs: (traits) => traits.at && traits.slash && traits.assignment,
  scan: (context) => (context.text.includes('://') ? scans.flatMap((scan) => scan(context)) : []),
  examples: {
    matches: [
      { text: 'amqp://app:Tr0ub4dor&4@rabbit:5672/%2f refused', found: 'Tr0ub4dor&4' },
      { text: 'postgres://app:p@ss@db.example.com/x', found: 'p@ss' },
      { text: 'redis://:s3cr3t@cache:6379/0', found: 's3cr3t' },
      { text: 'https://5f4dcc3b5aa765d61d83@sentry.example.com/2', found: '5f4dcc3b5aa765d61d83' },
    ],
    ignores: [
      'http://host:8080/a@b',
      'https://user@example.com/',
      'amqp://guest:***@rabbit',
      'http://a:${PASSWORD}@b/',
    ],
  },
};
