import { type Detector, RANK, scanWith, type Span, valueSpan } from '../detector';
import { isPlaceholderValue, looksGenerated } from '../secret-value';

/** The credentials of an `Authorization` header, after its scheme (RFC 9110, 11.6.2). */
const HEADER =
  /(?<=(?<![a-z\d])(?:proxy-)?authorization["'\\]{0,3} ?[:=] ?["'\\]{0,3}(?:(?:bearer|basic|token|negotiate|apikey|api-key|splunk|genieky|geniekey|key|digest|aws4-hmac-sha256|hmac) (?:token=["']?)?)?)(?!token=)(?<value>[^\s"'\\,;]{4,8192})/dgi;
/** A scheme and credentials without the header's name. */
const SCHEME = /(?<=(?<![a-z\d])(?:bearer|basic) )(?<value>[\w.~+/-]{8,8192}={0,2})/dgi;
/** PagerDuty's REST API: `Token token=…` */
const TOKEN = /(?<=(?<![a-z\d])token token=["']?)(?<value>[\w+-]{16,256})/dgi;
const SCHEME_NAME = /^(?:bearer|basic|token|negotiate|apikey|digest|header|genieky|geniekey|splunk|hmac|key)$/i;

function acceptHeader(match: RegExpExecArray): Span | undefined {
  const value = match.groups?.['value'] ?? '';
  return isPlaceholderValue(value) || SCHEME_NAME.test(value) ? undefined : valueSpan(match);
}

function acceptScheme(match: RegExpExecArray): Span | undefined {
  const value = match.groups?.['value'] ?? '';
  return looksGenerated(value) && (value.length >= 16 || /=$/.test(value)) ? valueSpan(match) : undefined;
}

const scans = [scanWith(HEADER, acceptHeader), scanWith(SCHEME, acceptScheme), scanWith(TOKEN, valueSpan)];

export const authorization: Detector = {
  name: 'authorization',
  kind: 'SECRET',
  rank: RANK.secret + 1,
  precise: true,
  patterns: [HEADER, SCHEME, TOKEN, SCHEME_NAME],
  needs: (traits) => traits.run >= 5 && (traits.assignment || traits.space),
  scan: (context) =>
    /authoriz|bearer |basic |token token/i.test(context.text) ? scans.flatMap((scan) => scan(context)) : [],
  examples: {
    matches: [
      { text: 'Authorization: Bearer abc.def-123', found: 'abc.def-123' },
      { text: '"authorization":"Basic YW5uOnB3"', found: 'YW5uOnB3' },
      { text: 'sent bearer 8f14e45fceea167a5a36dedd4bea2543', found: '8f14e45fceea167a5a36dedd4bea2543' },
      { text: 'Authorization: Token token=y_NbAkKc66ryYTWUXYEu', found: 'y_NbAkKc66ryYTWUXYEu' },
    ],
    ignores: [
      'bearer token expired',
      'basic authentication failed',
      'Authorization: <redacted>',
      'authorization failed for group',
    ],
  },
};
