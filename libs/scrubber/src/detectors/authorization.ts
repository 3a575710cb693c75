import { type Detector, RANK, scanWith, type Span, valueSpan } from '../detector';
import { CREDENTIAL_PATTERNS, credentialSpans } from '../http-credentials';
import { type ScanContext } from '../scan-context';
import { looksGenerated } from '../secret-value';

/** Object keys whose value is that of the header. */
const KEY = /(?:^|[ .])(?:proxy |x )?authorization$/;

/** The header's name, up to its value. */
const HEADER =
  /(?<![a-z\d])(?:proxy-|x-)?authorization(?:\\{0,8}["'])? ?(?:=>|[:=]) {0,3}[[(]?(?:\\{0,8}["'])?(?=[^\s"'\\])/gi;
/** Scheme and credentials without the header's name. */
const SCHEME = /(?<=(?<![a-z\d])(?:bearer|basic) )(?<value>[\w.~+/-]{8,8192}={0,2})/dgi;
/** PagerDuty's REST API: `Token token=…` */
const TOKEN = /(?<=(?<![a-z\d])token token=["']?)(?<value>[\w+-]{16,256})/dgi;
/** The response parameter of Digest (RFC 7616, 3.4), without the header's name; SIP uses it too. */
const DIGEST_RESPONSE = /(?<=(?<![a-z\d])response=\\{0,8}["']?)(?<value>[\da-f]{32,128})(?![\da-f])/dgi;

function acceptScheme(match: RegExpExecArray): Span | undefined {
  const value = match.groups?.['value'] ?? '';
  return looksGenerated(value) && (value.length >= 16 || /=$/.test(value)) ? valueSpan(match) : undefined;
}

const scans = [scanWith(SCHEME, acceptScheme), scanWith(TOKEN, valueSpan)];
const scanResponses = scanWith(DIGEST_RESPONSE, valueSpan);

function scanHeaders({ text, keyWords }: ScanContext): readonly Span[] {
  const spans: Span[] = KEY.test(keyWords)
    ? credentialSpans(text, 0).filter(({ start, end }) => start > 0 || looksGenerated(text.slice(0, end)))
    : [];
  HEADER.lastIndex = 0;
  while (HEADER.test(text)) {
    const found = credentialSpans(text, HEADER.lastIndex);
    spans.push(...found);
    HEADER.lastIndex = Math.max(HEADER.lastIndex, found.at(-1)?.end ?? 0);
  }
  return spans;
}

export const authorization: Detector = {
  name: 'authorization',
  kind: 'SECRET',
  rank: RANK.secret + 1,
  precise: true,
  patterns: [HEADER, SCHEME, TOKEN, DIGEST_RESPONSE, ...CREDENTIAL_PATTERNS],
  needs: (traits) => traits.run >= 5,
  scan: (context) => {
    const { text } = context;
    if (!KEY.test(context.keyWords) && !/authoriz|bearer |basic |token token|response=/i.test(text)) return [];
    const digests = /nonce=|digest/i.test(text) ? scanResponses(context) : [];
    return [...scanHeaders(context), ...scans.flatMap((scan) => scan(context)), ...digests];
  },
  examples: {
    matches: [
      { text: 'Authorization: Bearer abc.def-123', found: 'abc.def-123' },
      { text: '"authorization":"Basic YW5uOnB3"', found: 'YW5uOnB3' },
      { text: 'sent bearer 8f14e45fceea167a5a36dedd4bea2543', found: '8f14e45fceea167a5a36dedd4bea2543' },
      { text: 'Authorization: Token token=y_NbAkKc66ryYTWUXYEu', found: 'y_NbAkKc66ryYTWUXYEu' },
      { text: 'authorization: [Negotiate YIIZrgYJKoZIhvcSAQI=]', found: 'YIIZrgYJKoZIhvcSAQI=' },
      { text: 'Authorization: SSWS 00QCjAl4MlV', found: '00QCjAl4MlV' },
      { text: 'Authorization: Vendor-Scheme 8f14e45fceea167a', found: '8f14e45fceea167a' },
      { text: 'Authorization: AWS AKIAEXAMPLE:frJIUN8DYpKDtOLCwo=', found: 'AKIAEXAMPLE:frJIUN8DYpKDtOLCwo=' },
      {
        text: 'Authorization: Digest username="ann", realm="bmc", nonce="x1", uri="/a,b", response="0f1e2d3c4b5a6978"',
        found: '0f1e2d3c4b5a6978',
      },
      {
        text: 'Authorization: AWS4-HMAC-SHA256 Credential=AKID/20240101/eu/s3/aws4_request, SignedHeaders=host, Signature=0f1e2d3c',
        found: '0f1e2d3c',
      },
      {
        text: 'Authorization: Hawk id="a", ts="1353832234", nonce="j4h3g2", mac="6R4rV5iE+NPo="',
        found: '6R4rV5iE+NPo=',
      },
      { text: 'Authorization: OAuth oauth_nonce="k", oauth_signature="tR3%2BTy81"', found: 'tR3%2BTy81' },
      {
        text: 'Digest username=\\"ann\\", response=\\"0f1e2d3c4b5a69788796a5b4c3d2e1f0\\"',
        found: '0f1e2d3c4b5a69788796a5b4c3d2e1f0',
      },
      { text: 'Digest realm="bmc", response="0f1e2d3c4b5a6978"', key: 'Authorization', found: '0f1e2d3c4b5a6978' },
    ],
    ignores: [
      'bearer token expired',
      'basic authentication failed',
      'Authorization: <redacted>',
      'authorization failed for group',
      'Authorization: Insufficient permissions',
      'Authorization: Digest realm="bmc", uri="/redfish"',
      'response=200 digest=sha256',
    ],
  },
};
