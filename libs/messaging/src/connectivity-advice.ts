import { type Change, type ConnectivityFault, type Outcome } from '@pdaltagent/delivery';

type Broken = Extract<Change, { readonly kind: 'connectivity-broken' }>;

interface Explanation {
  /** What the response means. */
  readonly means: string;
  /** What the operator has to do about it. */
  readonly advice: string;
}

const EXPLANATIONS: Readonly<Record<ConnectivityFault, Explanation>> = {
  denied: {
    means: 'the response is "not allowed", which the destination itself never sends for an event',
    advice: 'look for a proxy or firewall that requires a login, and check the base URL',
  },
  'not-found': {
    means: 'the URL does not exist there',
    advice: 'check the base URL, and whether a proxy responds in place of the destination',
  },
  proxy: {
    means: 'the proxy refuses the request',
    advice: 'check HTTPS_PROXY (with user and password, if required) and what the proxy allows',
  },
  redirected: {
    means: 'it redirects, and redirects are never followed',
    advice: 'check the base URL (https, right host), and whether a login page of the network is in between',
  },
  certificate: {
    means: 'its certificate is not trusted, or has expired',
    advice:
      'check whether your own proxy intercepts TLS, and add its authority to PDAGENTD_CA_FILE; otherwise renew the certificate',
  },
  tls: {
    means: 'the TLS handshake fails',
    advice: 'check that the base URL speaks TLS (https, right port), and how a proxy handles it',
  },
  'forbidden-address': {
    means: 'its address is a metadata service or link-local, to which nothing is sent',
    advice:
      'check the URL and what its name resolves to; if it is intended, set allowMetadataAddresses for the destination',
  },
  'unrecognized-answer': {
    means: 'its responses are not PagerDuty’s',
    advice: 'check the base URL, and look for a proxy, firewall or login page that responds in its place',
  },
  other: {
    means: 'the response is not the expected one',
    advice: 'check the base URL and any proxy',
  },
};

/** On a vendor's path the key is part of the URL, so the key alone may be wrong. */
const UNKNOWN_KEY: Explanation = {
  means: 'the URL, which contains the key, does not exist there',
  advice: 'check that the integration still exists at PagerDuty and that the sender uses its key',
};

/** What a connectivity fault means, and what to do about it. */
export function explain({ scope, fault, outcome }: Pick<Broken, 'scope' | 'fault' | 'outcome'>): Explanation {
  if (fault === 'unrecognized-answer') return { ...EXPLANATIONS[fault], means: responderOf(outcome) };
  return scope === 'key' && fault === 'not-found' ? UNKNOWN_KEY : EXPLANATIONS[fault];
}

/** "answered by nginx, not PagerDuty", according to the response's headers. */
export function responderOf(outcome: Outcome): string {
  const server = outcome.kind === 'failed' ? outcome.responder?.server : undefined;
  return `answered by ${server ?? 'something else'}, not PagerDuty`;
}
