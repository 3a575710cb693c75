import { type Span } from './detector';
import { isPlaceholderValue, looksGenerated } from './secret-value';

/** Known schemes (IANA's registry, and those of vendors), whose credentials may be a plain word. */
const KNOWN_SCHEME =
  /^(?:bearer|basic|digest|negotiate|ntlm|kerberos|token|apikey|api[-_]key|api-token|key|splunk|genieky|geniekey|aws|aws4-hmac-sha256|hmac(?:-sha\d{1,3})?|oauth|hawk|mac|signature|sharedkey(?:lite)?|sharedaccesssignature|goog1|goog4-[\w-]{1,30}|oss|obs|qbox|acs|tc3-hmac-sha256|eg1-hmac-sha256|ssws|bot|jwt|pveapitoken|pbsapitoken|googlelogin|zoho-oauthtoken|deepl-auth-key|snowflake|sapisidhash|gnap|dpop|privatetoken|scram-sha-\d{1,3})$/i;
/** Schemes whose credentials are one token (RFC 9110, token68), which may end with `=`. */
const TOKEN_SCHEME = /^(?:bearer|basic|negotiate|ntlm|kerberos|dpop|jwt)$/i;
/** Parameters that are not secret. All others are replaced. */
const OPEN_PARAMETER =
  /^(?:realm|uri|username|userhash|algorithm|qop|nc|c?nonce|opaque|domain|stale|charset|headers|signedheaders|keyid|id|ts|timestamp|created|expires|version|ext|dlg|app|sr|se|skn|email|name|type|error|scope|oauth_(?:version|signature_method|timestamp|nonce|callback)|sentry_(?:version|client|timestamp)|credential)$/i;

const SCHEME = /([A-Za-z][\w-]{0,40})(?: {1,8}|=(?=[\w.-]{1,64}@))(?=[^\s=])/y;
const TOKEN68 = /[\w.~+/-]{1,8192}={1,2}(?=\\{0,8}["']?(?:[\s,;\])}]|$))/y;
const PARAMETER = /[ ,;&]{0,4}([A-Za-z][\w-]{0,40}) ?= ?/y;
const QUOTED = /(\\{0,8}["'])([^"'\\\r\n]{0,8192})/y;
const PLAIN = /[^\s"'\\,;&\])}]{0,8192}/y;
const LIST = /[\w;-]{0,1024}/y;
const TOKEN = /[^\s"'\\,;\])}]{4,8192}/y;

/** Every pattern in this file that runs over whole texts. */
export const CREDENTIAL_PATTERNS: readonly RegExp[] = [SCHEME, TOKEN68, PARAMETER, QUOTED, PLAIN, LIST, TOKEN];

/** The secrets in the credentials at `start` (RFC 9110, 11.4): a scheme, and a token or parameters. */
export function credentialSpans(text: string, start: number): readonly Span[] {
  SCHEME.lastIndex = start;
  const scheme = SCHEME.exec(text)?.[1];
  if (scheme === undefined) return tokenSpans(text, start, false);
  const known = KNOWN_SCHEME.test(scheme);
  const from = SCHEME.lastIndex;
  const parameters =
    TOKEN_SCHEME.test(scheme) && !/^(?:access_)?token=/i.test(text.slice(from, from + 13))
      ? undefined
      : parameterSpans(text, from);
  if (parameters !== undefined) return parameters;
  if (known || isToken(text, from)) return tokenSpans(text, from, known);
  // Prose, or a token without a scheme.
  return isToken(text, start) ? tokenSpans(text, start, false) : [];
}

/** The values of secret parameters; undefined if there are no parameters. */
function parameterSpans(text: string, start: number): readonly Span[] | undefined {
  TOKEN68.lastIndex = start;
  if (TOKEN68.test(text)) return undefined;
  const spans: Span[] = [];
  let position = start;
  for (let count = 0; count < 40; count += 1) {
    PARAMETER.lastIndex = position;
    const name = PARAMETER.exec(text)?.[1];
    if (name === undefined) break;
    const span = valueAt(text, PARAMETER.lastIndex, /^signedheaders$/i.test(name));
    const value = text.slice(span.start, span.end);
    if (!OPEN_PARAMETER.test(name) && value.length >= 3 && !isPlaceholderValue(value)) spans.push(span);
    // Access key and scope: only the key is replaced.
    if (/^credential$/i.test(name) && value.includes('/'))
      spans.push({ start: span.start, end: span.start + value.indexOf('/') });
    position = span.end + (/^\\{0,8}["']/.exec(text.slice(span.end, span.end + 9))?.[0].length ?? 0);
  }
  return position === start ? undefined : spans;
}

function valueAt(text: string, start: number, isList: boolean): Span {
  QUOTED.lastIndex = start;
  const quoted = QUOTED.exec(text);
  if (quoted !== null) return { start: start + (quoted[1] ?? '').length, end: QUOTED.lastIndex };
  const plain = isList ? LIST : PLAIN;
  plain.lastIndex = start;
  plain.exec(text);
  return { start, end: plain.lastIndex };
}

function tokenSpans(text: string, start: number, known: boolean): readonly Span[] {
  TOKEN.lastIndex = start;
  const token = TOKEN.exec(text)?.[0];
  if (
    token === undefined ||
    isPlaceholderValue(token) ||
    (!known && KNOWN_SCHEME.test(token)) ||
    /^header$/i.test(token)
  )
    return [];
  return [{ start, end: start + token.length }];
}

function isToken(text: string, start: number): boolean {
  TOKEN.lastIndex = start;
  return looksGenerated(TOKEN.exec(text)?.[0] ?? '');
}
