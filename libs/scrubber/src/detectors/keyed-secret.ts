import { type Detector, RANK } from '../detector';
import { isPlaceholderValue, looksGenerated } from '../secret-value';

/** Object keys whose whole value is a secret, whatever it looks like. */
const STRONG_NAME =
  /(?:^|[ .])(?:\w{0,20}(?:password|passwd|passphrase|passwort)|pwd|pass|(?:auth|priv|db|store|key|user|admin|root|ldap|bind|smtp|proxy|ssh)pass|passcode|cvv2?|cvc2?|pin|pin code|otp)$/;
/** Object keys whose value is a secret if it looks generated. */
const NAME =
  /(?:^|[ .])(?:\w{0,20}secret|(?:secret|access|api|auth|private|signing|encryption|master|shared|storage|account|routing|integration|service|pagerduty|license|app|application|consumer|deploy|ssh|client|write|ingest|sas|subscription) ?key|secret access key|secret key base|\w{0,20}token|apikey|credentials?|(?:snmp )?community(?: string)?|authorization|proxy authorization|cookie|set cookie|jsessionid|client secret|dsn|x api key)$/;
const OTHER_NAME =
  /(?:^|[ .])(?:next|page|continuation|cursor|cancellation|sync|resume|pagination|idempotency|public|partition|object|cache) (?:page )?(?:token|key)$/;
/** Names of Kubernetes objects: `db-credentials`. */
const OBJECT_NAME = /^[a-z]{1,40}(?:[-.][a-z\d]{1,20}){1,8}$/;
const SCHEME = /^(?:Bearer|Basic|Token|ApiKey|Splunk|GenieKey|Negotiate|Digest) (?=\S)/i;

export const keyedSecret: Detector = {
  name: 'keyed-secret',
  kind: 'SECRET',
  rank: RANK.secret - 1,
  precise: true,
  patterns: [STRONG_NAME, NAME, OTHER_NAME, OBJECT_NAME, SCHEME],
  needs: () => true,
  scan: ({ text, keyWords }) => {
    if (keyWords === '' || text === '') return [];
    const strong = STRONG_NAME.test(keyWords);
    if (!strong && (!NAME.test(keyWords) || OTHER_NAME.test(keyWords))) return [];
    const start = strong ? 0 : (SCHEME.exec(text)?.[0].length ?? 0);
    const value = text.slice(start);
    if (isPlaceholderValue(value) || /^(?:https?:\/\/|\{)/.test(value)) return [];
    const secret = strong ? !isProse(value) : isGenerated(value);
    return secret ? [{ start, end: text.length }] : [];
  },
  examples: {
    matches: [
      { text: 'swordfish', key: 'dbPassword', found: 'swordfish' },
      { text: 'swordfish', key: 'snmp.authpass', found: 'swordfish' },
      { text: 's3cr3t-ro', key: 'snmpCommunity', found: 's3cr3t-ro' },
      { text: 'ldxwK9kLWBsZFwJgO52N', key: 'api_token', found: 'ldxwK9kLWBsZFwJgO52N' },
      { text: 'Bearer abcdef0123456789', key: 'Authorization', found: 'abcdef0123456789' },
      { text: '0123456789abcdef0123456789abcdef', key: 'routing_key', found: '0123456789abcdef0123456789abcdef' },
    ],
    ignores: [
      { text: 'expired', key: 'token' },
      { text: 'public', key: 'community' },
      { text: '65000:100', key: 'bgp_community' },
      { text: 'true', key: 'bypass' },
      { text: 'db-credentials', key: 'secret' },
      { text: '0d888d531c7bb030ce19f2792010ece8', key: 'trace_id' },
      { text: 'abc123def456', key: 'nextPageToken' },
      { text: 'must be changed every quarter', key: 'password' },
      { text: '2024-01-01', key: 'password_last_changed' },
      { text: '90 days', key: 'token_lifetime' },
      { text: 'https://vault.example.com/v1/x', key: 'secret' },
    ],
  },
};

/** Five words or more, or words about a password instead of one. */
function isProse(value: string): boolean {
  const words = value.split(/\s+/);
  return words.length > 4 || (words.length > 1 && words.some((word) => isPlaceholderValue(word)));
}

function isGenerated(value: string): boolean {
  return !OBJECT_NAME.test(value) && !/^\S+ \S+ /.test(value) && looksGenerated(value);
}
